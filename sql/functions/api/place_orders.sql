-- Definer: nobody holds a write right on a table; this is the way to sell.
--
-- A batch in one transaction: repeats get their kept answer; the others are read and priced, the stock rows are locked once in
-- key order, every order is decided in memory (arrival order decides, all or nothing for each), then one statement a table.
-- A refusal is a result, not an exception: one bad order never harms its neighbours.
-- Lock order: idempotency keys and external ids (advisory), then stock_levels.
create or replace function api.place_orders(
  p_region_id smallint,
  p_orders jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json)
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_results api.result[] := array(select s from identity.check_keys(p_region_id, 'place_orders', p_orders) s);
  v_drafts orders.draft[];
  v_allocations jsonb;
  v_movements stock.movement[];
  v_order_ids bigint[];
begin
  v_drafts := array(select d from orders.read_drafts(p_region_id, p_orders,
                      array(select r.ordinal from pg_catalog.unnest(v_results) r)) d order by d.ordinal);
  v_drafts := orders.refuse_duplicates(p_region_id, v_drafts);
  select a.p_drafts, a.p_allocations into v_drafts, v_allocations
    from orders.allocate_drafts(p_region_id, v_drafts) a;
  v_order_ids := array(select d.order_id from pg_catalog.unnest(v_drafts) d where d.order_id is not null);
  if pg_catalog.cardinality(v_order_ids) > 0 then
    perform orders.insert_drafts(p_region_id, v_drafts, v_allocations);
    v_movements := array(
      select row(a.warehouse_id, a.sku_id, 'commit', null, null, null, a.quantity, null, null, null, null, null,
                 orders.public_id(p_region_id, d.order_id), d.actor, d.request_id, null, null)::stock.movement
        from pg_catalog.unnest(v_drafts) d
        join pg_catalog.jsonb_to_recordset(v_allocations)
          as a (ordinal integer, sku_id text, warehouse_id text, quantity integer) on a.ordinal = d.ordinal
       where d.order_id is not null
       order by d.ordinal, a.sku_id, a.warehouse_id);
    perform stock.post_movements(p_region_id, v_movements);
    perform orders.emit_order_events(p_region_id, 'order.placed', v_order_ids);
  end if;
  v_results := v_results || array(
    select row(d.ordinal, d.code, false, coalesce(d.body::json, o.document))::api.result
      from pg_catalog.unnest(v_drafts) d
      left join orders.documents(p_region_id, v_order_ids) o on o.order_id = d.order_id);
  perform identity.keep_answers(p_region_id, 'place_orders', p_orders, v_results);
  return query select r.* from pg_catalog.unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.place_orders(smallint, jsonb) is
  'Places orders. An array of {channel, customer, items, external_id, created_at, note}; a result for each, in order: the order '
  'document, or the refusal.';
alter function api.place_orders(smallint, jsonb) owner to scoville_definer;
grant execute on function api.place_orders(smallint, jsonb) to admin, sales, integration;
