-- Emits the event of a SKU that was created (p_old null) or changed: old and new, complete. The caller has locked or created its
-- row.
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
  select events.emit(
    p_region_id => 0::smallint, p_type => 'sku.changed', p_subject => 'skus/' || (p_new ->> 'sku_id'),
    p_sku_id => p_new ->> 'sku_id', p_channel_id => null, p_warehouse_ids => '{}', p_version => (p_new ->> 'version')::bigint,
    p_data => jsonb_build_object('sku_id', p_new -> 'sku_id', 'version', p_new -> 'version', 'old', p_old, 'new', p_new),
    p_actor => p_actor, p_request_id => p_request_id);
$$;

grant execute on function events.emit_sku_event(jsonb, jsonb, text, text) to scoville_definer;
