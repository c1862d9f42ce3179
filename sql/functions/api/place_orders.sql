-- Definer: nobody holds a write right on a table; this is the way to sell.
--
-- A batch in one transaction: repeats get their kept answer; the others are read and priced, the stock rows are locked once in
-- key order, every order is decided in memory (arrival order decides, all or nothing for each), then all is written at once.
-- A refusal is a result, not an exception: one bad order never harms its neighbours. An order may convert a reservation: its
-- units go from reserved to committed, and between the two nobody can take them.
-- Lock order: idempotency keys and external ids (advisory), then stock_levels, then the reservations that are converted.
create or replace function api.place_orders(
  p_region_id smallint,
  p_orders jsonb
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
  v_keys identity.key[] := identity.read_keys(p_orders);
  v_results api.result[] := array(select s from identity.check_keys(p_region_id, 'place_orders', v_keys) s);
  v_drafts orders.draft[];
  v_allocations stock.allocation[];
  v_orders orders.orders[];
  v_documents json[];
begin
  v_drafts := array(select d from orders.read_drafts(p_region_id, p_orders,
                      array(select r.ordinal from unnest(v_results) r)) d order by d.ordinal);
  v_drafts := orders.refuse_duplicates(p_region_id, v_drafts);
  select a.p_drafts, a.p_allocations into v_drafts, v_allocations
    from orders.allocate_drafts(p_region_id, v_drafts) a;
  v_drafts := orders.settle_duplicates(v_drafts);
  if exists (select from unnest(v_drafts) d where d.order_id is not null) then
    v_orders := orders.insert_drafts(p_region_id, v_drafts, v_allocations);
    perform stock.post_movements(p_region_id, orders.draft_movements(p_region_id, v_drafts, v_allocations), true);
    if exists (select from unnest(v_drafts) d where d.order_id is not null and d.reservation_id is not null) then
      perform orders.convert_reservations(p_region_id, v_drafts);
    end if;
    v_documents := orders.draft_documents(v_orders, v_drafts, v_allocations);
    perform orders.emit_documents(p_region_id, 'order.placed', v_orders, v_documents);
  end if;
  v_results := v_results || array(
    select row(d.ordinal, d.code, false, coalesce(d.body::json, o.document))::api.result
      from unnest(v_drafts) d
      left join rows from (unnest(array(select w.order_id from unnest(v_orders) w order by w.order_id)),
                           unnest(v_documents)) as o (order_id, document)
        on o.order_id = d.order_id);
  perform identity.keep_answers(p_region_id, 'place_orders', v_keys, v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.place_orders(smallint, jsonb) is
  'Places orders. An array of {channel, customer, items, reservation_id, external_id, created_at, note}; a result for each, in '
  'order: the order document, or the refusal. With a reservation_id the units that it holds become the order''s.';
alter function api.place_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.place_orders(smallint, jsonb) to admin, sales, integration;
