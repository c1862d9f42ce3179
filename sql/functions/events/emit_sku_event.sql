-- Emits the event of a SKU that was created (p_old null) or changed: old and new, complete. A second event tells admins that its price
-- became 0, so that they need not compare prices. The caller has locked or created its row.
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
           p_region_id => 0::smallint, p_type => t.type, p_subject => 'skus/' || (p_new ->> 'sku_id'),
           p_sku_id => p_new ->> 'sku_id', p_channel_id => null, p_warehouse_ids => '{}',
           p_version => (p_new ->> 'version')::bigint,
           p_data => jsonb_build_object('sku_id', p_new -> 'sku_id', 'version', p_new -> 'version', 'old', p_old, 'new', p_new),
           p_actor => p_actor, p_request_id => p_request_id)
    from (values (1, 'sku.changed'),
                 (2, case when (p_new ->> 'price')::numeric = 0 and (p_old ->> 'price')::numeric is distinct from 0
                          then 'sku.price_zero' end)) t (nth, type)
   where t.type is not null
   order by t.nth;
$$;

grant execute on function events.emit_sku_event(jsonb, jsonb, text, text) to scoville_definer;
