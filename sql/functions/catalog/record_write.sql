-- Writes the audit row of a write of the catalog.
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
  select audit.record(
           p_action => case when p_old is null then 'insert' else 'update' end,
           p_table_name => p_table_name,
           p_row_key => p_write.id,
           p_old => p_old,
           p_new => p_new,
           p_reason => case p_write.mode when 'retire' then 'retired' end,
           p_actor => p_write.actor,
           p_request_id => p_write.request_id);
$$;

grant execute on function catalog.record_write(catalog.write, text, jsonb, jsonb) to scoville_definer;
