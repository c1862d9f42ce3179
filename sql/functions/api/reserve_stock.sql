-- Definer: nobody holds a write right on a table; this is the way to hold units for a while, at a checkout.
-- As api.place_orders: a batch in one transaction, locked once, decided in arrival order, all or nothing for each.
-- Lock order: idempotency keys (advisory), then stock_levels.
create or replace function api.reserve_stock(
  p_region_id smallint,
  p_reservations jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_reservations);
  v_results api.result[] := array(select s from identity.check_keys(p_region_id, 'reserve_stock', v_keys) s);
  v_holds stock.reservation_draft[];
  v_allocations jsonb;
  v_ids bigint[];
begin
  v_holds := array(select h from stock.read_reservations(p_region_id, p_reservations,
                     array(select r.ordinal from unnest(v_results) r)) h order by h.ordinal);
  select a.p_holds, a.p_allocations into v_holds, v_allocations from stock.allocate_reservations(p_region_id, v_holds) a;
  v_ids := array(select h.reservation_id from unnest(v_holds) h where h.reservation_id is not null);
  if cardinality(v_ids) > 0 then
    perform stock.insert_reservations(p_region_id, v_holds, v_allocations);
  end if;
  v_results := v_results || array(
    select row(h.ordinal, h.code, false, coalesce(h.body::json, d.document))::api.result
      from unnest(v_holds) h
      left join stock.reservation_documents(p_region_id, v_ids) d on d.reservation_id = h.reservation_id);
  perform identity.keep_answers(p_region_id, 'reserve_stock', v_keys, v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.reserve_stock(smallint, jsonb) is
  'Holds units for a channel until a moment (900 seconds from now, where ttl_seconds does not say otherwise). An array of {channel, '
  'items, ttl_seconds, note}; a result for each, in order: the reservation, or the refusal.';
alter function api.reserve_stock(smallint, jsonb) owner to scoville_definer;
grant execute on function api.reserve_stock(smallint, jsonb) to admin, sales, integration;
