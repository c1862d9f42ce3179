-- Definer: no role may write to a table; this function sells.
--
-- One batch per transaction. Repeats get their stored result; the others are read and priced. Then the stock rows are locked once in
-- key order, every order is decided in memory (in order of arrival, each all or nothing), and everything is written at once. A refusal
-- is a result, not an exception, so one bad order never harms its neighbors. An order may convert a reservation: its units move
-- from reserved to committed, and nobody can take them in between.
-- Lock order: idempotency keys and external IDs (advisory), then stock_levels, then the reservations that are converted.
create or replace function api.place_orders(
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
  v_keys identity.key[] := identity.read_keys(p_orders);
  v_results api.result[] := array(
    select s from identity.check_keys(p_region_id => p_region_id, p_route => 'place_orders', p_keys => v_keys) s);
  v_read orders.draft[];
  v_drafts orders.draft[];
  v_refusals api.result[];
  v_historic boolean;
  v_allocations stock.allocation[];
  v_orders orders.orders[];
  v_documents json[];
begin
  select d.p_drafts, d.p_refusals into v_read, v_refusals
    from orders.read_drafts(p_region_id => p_region_id, p_orders => p_orders,
           p_skip => array(select r.ordinal from unnest(v_results) r)) d;
  v_historic := exists (select from unnest(v_read) d where d.historic);
  v_refusals := v_refusals || orders.refuse_duplicates(p_region_id, v_read);
  v_drafts := orders.drop_refused(v_read, v_refusals);
  v_allocations := orders.allocate_drafts(p_region_id, v_drafts);
  if v_historic then
    v_allocations := v_allocations || orders.allocate_history(v_drafts);
  end if;
  v_refusals := v_refusals || orders.refuse_unallocated(p_region_id => p_region_id, p_drafts => v_drafts,
    p_allocations => v_allocations);
  v_drafts := orders.drop_refused(v_drafts, v_refusals);
  v_refusals := orders.settle_duplicates(p_refusals => v_refusals, p_read => v_read, p_placed => v_drafts);
  if cardinality(v_drafts) > 0 then
    for i in 1 .. cardinality(v_drafts) loop
      v_drafts[i].order_id := nextval('orders.orders_order_id_seq');
    end loop;
    v_orders := orders.insert_drafts(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations);
    if not v_historic or exists (select from unnest(v_drafts) d where not d.historic) then
      perform stock.post_movements(p_region_id => p_region_id, p_locked => true, p_movements =>
        orders.draft_movements(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations));
    end if;
    if exists (select from unnest(v_drafts) d where d.reservation_id is not null) then
      perform orders.convert_reservations(p_region_id, v_drafts);
    end if;
    v_documents := orders.draft_documents(p_orders => v_orders, p_drafts => v_drafts, p_allocations => v_allocations);
    if v_historic then
      perform orders.emit_placed(p_region_id => p_region_id, p_orders => v_orders, p_documents => v_documents);
    else
      perform orders.emit_documents(p_region_id => p_region_id, p_type => 'order.placed', p_orders => v_orders,
        p_documents => v_documents);
    end if;
  end if;
  v_results := v_results || v_refusals || array(
    select app.new_result(p_ordinal => d.ordinal, p_body => o.document)
      from unnest(v_drafts) d
      join rows from (unnest(array(select w.order_id from unnest(v_orders) w order by w.order_id)),
                      unnest(v_documents)) as o (order_id, document)
        on o.order_id = d.order_id);
  perform identity.keep_answers(p_region_id => p_region_id, p_route => 'place_orders', p_keys => v_keys,
    p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.place_orders(smallint, jsonb) is
  'Places orders. An array of {channel, customer, items, reservation_id, external_id, created_at, note, historic}; one result per '
  'element, in order: the order document, or the refusal. With a reservation_id the order takes the units of the reservation. A '
  'historic order (admins only) was shipped elsewhere: it is completed, and moves no stock.
Errors: ID001 ID002 OR001 OR005 OR006 OR007 OR008 OR009 RV001 RV002 RV003 RV004 ST001 ST002 VA001';
alter function api.place_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.place_orders(smallint, jsonb) to admin, sales, integration;
