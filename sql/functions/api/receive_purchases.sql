-- Definer: no role may write to a table; this function receives deliveries.
create or replace function api.receive_purchases(
  p_region_id smallint,
  p_requests jsonb
)
  returns setof api.result
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select r.* from supply.change_purchases(p_region_id => p_region_id, p_route => 'receive_purchases', p_requests => p_requests) r;
$$;

comment on function api.receive_purchases(smallint, jsonb) is
  'Receives deliveries of purchases, each all or nothing: good units, damaged ones (withheld) and refused ones (never on hand). Orders that wait get '
  'the good ones first. An array of {purchase_id, delivery_note, received_on, occurred_at, accept_over, note, items: [{sku_id, quantity, condition, '
  'batch_number, expiration_date, manufactured_on, reason_code, note}], if_match}; one result per element, in order.
Errors: ID001 ID002 KT003 ST002 ST003 ST004 ST005 ST006 ST009 ST011 ST014 ST015 ST019 SU001 SU002 SU003 SU005 SU006 VA001';
alter function api.receive_purchases(smallint, jsonb) owner to scoville_definer;
grant execute on function api.receive_purchases(smallint, jsonb) to admin, warehouse;
