-- Definer: no role reads stored results. The caller is about to refuse these orders without trying them, because their SKU was sold
-- out a moment ago. Orders that are repeats get the result that place_orders would return; the others get code and body null.
-- Locks no row; the advisory locks of the keys show which of them are in flight.
create or replace function api.find_repeats(
  p_region_id smallint,
  p_orders jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_results api.result[] := identity.check_keys(p_region_id, identity.read_keys(p_region_id => p_region_id, p_route => 'place_orders',
    p_requests => p_orders));
begin
  v_results := array(
    select coalesce(r, app.result_of(o.ordinality::integer, f.refusal))
      from jsonb_array_elements(p_orders) with ordinality o
      left join unnest(v_results) r on r.ordinal = o.ordinality
     cross join lateral (select coalesce(o.value ->> 'channel', app.claim_channel()) as channel_id) c
      left join lateral (
        select e.order_id
          from orders.orders e
         where e.region_id = p_region_id and e.external_id = normalize(o.value ->> 'external_id', nfc) and e.channel_id = c.channel_id
         limit 1) d on r.ordinal is null
     cross join lateral (select case when d.order_id is not null
       then orders.refuse_duplicate(p_region_id => p_region_id, p_channel_id => c.channel_id,
              p_external_id => o.value ->> 'external_id', p_order_id => d.order_id) end) f (refusal)
     order by o.ordinality);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.find_repeats(smallint, jsonb) is
  'Which of these orders have already been placed, by their idempotency key or external_id: one row per order, in order.
Errors: ID001 ID002 OR005';
alter function api.find_repeats(smallint, jsonb) owner to scoville_definer;
grant execute on function api.find_repeats(smallint, jsonb) to admin, sales, integration;
