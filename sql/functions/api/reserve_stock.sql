-- Definer: no role may write to a table; this function reserves units for a while, at a checkout.
-- As api.place_orders: one batch per transaction, locked once, decided in order of arrival, each all or nothing.
-- Lock order: idempotency keys (advisory), then stock_levels.
create or replace function api.reserve_stock(
  p_region_id smallint,
  p_reservations jsonb
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'reserve_stock',
    p_requests => p_reservations);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_drafts stock.reservation_draft[];
  v_refusals api.result[];
  v_allocations stock.allocation[];
  v_ids bigint[];
begin
  select d.p_drafts, d.p_refusals into v_drafts, v_refusals
    from stock.read_reservations(p_region_id => p_region_id, p_reservations => p_reservations,
           p_skip => array(select r.ordinal from unnest(v_results) r)) d;
  v_refusals := v_refusals || stock.cap_reservations(p_region_id, v_drafts);
  v_drafts := stock.drop_refused_reservations(v_drafts, v_refusals);
  v_allocations := stock.allocate(p_region_id, stock.reservation_demands(v_drafts));
  v_refusals := v_refusals || stock.refuse_short_reservations(v_drafts, v_allocations);
  v_drafts := stock.drop_refused_reservations(v_drafts, v_refusals);
  if cardinality(v_drafts) > 0 then
    v_ids := stock.insert_reservations(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations);
  end if;
  v_results := v_results || v_refusals || array(
    select app.new_result(p_ordinal => n.ordinal, p_body => d.document)
      from rows from (unnest(array(select w.ordinal from unnest(v_drafts) w)), unnest(v_ids)) as n (ordinal, reservation_id)
      join stock.reservation_documents(p_region_id, v_ids) d on d.reservation_id = n.reservation_id);
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.reserve_stock(smallint, jsonb) is
  'Reserves units for a channel for ttl_seconds (default 900). An array of {channel, items, ttl_seconds, note}; one result per '
  'element, in order: the reservation, or the refusal.
Errors: ID001 ID002 OR006 OR008 OR009 RV005 ST001 ST002 VA001';
alter function api.reserve_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.reserve_stock(smallint, jsonb) to admin, sales, integration;
