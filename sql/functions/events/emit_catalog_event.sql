-- Emits the event of a SKU, channel or warehouse (p_noun) that was created (p_old null) or changed: old and new, complete. The caller
-- has locked or created its row. SKUs belong to every region (region 0). A second event tells admins that a price became 0, so that
-- they need not compare prices.
create or replace function events.emit_catalog_event(
  p_noun text,
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
    p_region_id => coalesce((p_new ->> 'region_id')::smallint, 0::smallint), p_type => t.type,
    p_subject => p_noun || 's/' || (p_new ->> (p_noun || '_id')), p_sku_id => p_new ->> 'sku_id',
    p_channel_id => p_new ->> 'channel_id', p_warehouse_ids => array_remove(array[p_new ->> 'warehouse_id'], null),
    p_version => (p_new ->> 'version')::bigint,
    p_data => jsonb_build_object(p_noun || '_id', p_new -> (p_noun || '_id'), 'version', p_new -> 'version', 'old', p_old,
      'new', p_new),
    p_actor => p_actor, p_request_id => p_request_id)
    from (values (1, p_noun || '.changed'),
                 (2, case when (p_new ->> 'price')::numeric = 0 and (p_old ->> 'price')::numeric is distinct from 0
                          then 'sku.price_zero' end)) t (nth, type)
   where t.type is not null
   order by t.nth;
$$;

grant execute on function events.emit_catalog_event(text, jsonb, jsonb, text, text) to scoville_definer;
