-- Definer: no role may write to a table; this function sells.
--
-- One batch per transaction. Repeats get their stored result; the others are read and priced. Then the stock rows are locked once in
-- key order, every order is decided in memory (in order of arrival, each all or nothing; what is missing waits where a rule of the channel
-- allows it), and everything is written at once. A refusal
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'place_orders', p_requests => p_orders);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_read record;
  v_refusals api.result[];
  v_drafts orders.draft[];
  v_placed orders.draft[] := '{}';
  v_converts boolean := false;
  v_historic boolean := false;
  v_has_rules boolean := false;
  v_waits boolean := false;
  v_handed record;
  v_allocations stock.allocation[];
  v_changed_at timestamptz;
begin
  v_read := orders.read_drafts(p_region_id => p_region_id, p_orders => p_orders, p_answered => v_results);
  v_refusals := v_read.p_refusals || orders.refuse_duplicates(p_region_id, v_read.p_drafts);
  v_drafts := orders.drop_refused(v_read.p_drafts, v_refusals);
  if p_orders @? '$[*].handed_over ? (@ != null)' then
    v_handed := orders.hand_over(p_region_id => p_region_id, p_orders => p_orders, p_drafts => v_drafts);
    v_results := v_results || v_handed.p_results;
    v_placed := v_handed.p_placed;
    v_drafts := v_handed.p_others;
  end if;
  for i in 1 .. cardinality(v_drafts) loop
    v_converts := v_converts or v_drafts[i].reservation_id is not null;
    v_historic := v_historic or v_drafts[i].historic;
    v_has_rules := v_has_rules or v_drafts[i].has_rules;
  end loop;
  v_allocations := orders.allocate_drafts(p_region_id => p_region_id, p_drafts => v_drafts, p_converts => v_converts,
    p_has_rules => v_has_rules);
  if v_historic then
    v_allocations := v_allocations || orders.allocate_history(v_drafts);
  end if;
  v_refusals := v_refusals || orders.refuse_unallocated(p_region_id => p_region_id, p_drafts => v_drafts,
    p_allocations => v_allocations);
  v_drafts := orders.drop_refused(v_drafts, v_refusals);
  v_refusals := orders.settle_duplicates(p_refusals => v_refusals, p_read => v_read.p_drafts, p_placed => v_placed || v_drafts);
  v_results := v_results || v_refusals;
  if cardinality(v_drafts) > 0 then
    v_changed_at := orders.begin_change();
    v_drafts := orders.complete_drafts(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations,
      p_changed_at => v_changed_at);
    perform orders.insert_drafts(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations,
      p_changed_at => v_changed_at);
    if v_has_rules then
      perform orders.insert_freshness(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations);
    end if;
    if v_converts or v_historic then
      perform orders.post_drafts(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations);
    else
      perform stock.commit_units(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations);
    end if;
    for i in 1 .. cardinality(v_allocations) loop
      v_waits := v_waits or v_allocations[i].waits is true;
    end loop;
    if v_waits then
      v_drafts := orders.insert_backorders(p_region_id => p_region_id, p_drafts => v_drafts, p_allocations => v_allocations);
    end if;
    perform orders.emit_placed(p_region_id, v_drafts);
    if v_waits then
      perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.backordered', p_order_ids => array(
        select d.order_id from unnest(v_drafts) d join unnest(v_allocations) a on a.ordinal = d.ordinal and a.waits group by 1));
    end if;
    for i in 1 .. cardinality(v_drafts) loop
      v_results := v_results || app.new_result(p_ordinal => v_drafts[i].ordinal, p_body => v_drafts[i].document);
    end loop;
  end if;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.place_orders(smallint, jsonb) is
  'Places orders. An array of {channel, customer, customer_group, items, reservation_id, external_id, created_at, note, historic, handed_over}; one result per '
  'element, in order: the order document, or the refusal. With a reservation_id the order takes the units of the reservation. A '
  'historic order (admins only) was shipped elsewhere: it is completed, and moves no stock. One that is handed_over left the shelf at a till: it '
  'is completed at once.
Errors: ID001 ID002 OR001 OR005 OR006 OR007 OR008 OR009 OR015 RV001 RV002 RV003 RV004 SH001 SH002 SH003 ST001 ST002 ST003 ST004 ST005 ST006 ST007 ST013 ST015 VA001';
alter function api.place_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.place_orders(smallint, jsonb) to admin, sales, integration;
