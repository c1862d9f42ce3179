-- The audit of a write of the catalogue.
create or replace function catalog.record_write(
  p_write catalog.write,
  p_table_name text,
  p_old jsonb,
  p_new jsonb
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  select audit.record(case when p_old is null then 'insert' else 'update' end, p_table_name, p_write.id, p_old, p_new,
           case p_write.mode when 'retire' then 'retired' end, p_write.actor, p_write.request_id);
$$;

grant execute on function catalog.record_write(catalog.write, text, jsonb, jsonb) to scoville_definer;
