-- A SKU was made (p_old null) or changed: old and new, complete. The caller has locked or just made its row.
create or replace function events.emit_sku_event(
  p_old jsonb,
  p_new jsonb,
  p_actor text,
  p_request_id text
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  select events.emit(0::smallint, 'sku.changed', 'skus/' || (p_new ->> 'sku_id'), null, '{}', (p_new ->> 'version')::bigint,
           jsonb_build_object('sku_id', p_new -> 'sku_id', 'version', p_new -> 'version', 'old', p_old, 'new', p_new),
           p_actor, p_request_id, p_new ->> 'sku_id');
$$;

grant execute on function events.emit_sku_event(jsonb, jsonb, text, text) to scoville_definer;
