-- The changes of allocations that give a locked order the open units of p_lines: [{"sku_id", "warehouse_id", "units"}], negative units to
-- release, positive units to take. Bundles are their components, and the needs of all lines for a SKU are one sum. Kept units stay in
-- their warehouse. Surplus units are released from the channel's last warehouses first. Added units are allocated as for a new order,
-- all or nothing. refusal: the short lines, by their places in p_items (the request's, of which p_lines were made). p_current: the lines
-- that it has. waiting: {SKU: units} of what then waits; fewer units are first taken from those that wait.
-- Lock order: the caller has locked all levels that could be affected (orders.lock_orders).
create or replace function orders.reallocate(
  p_region_id smallint,
  p_order orders.orders,
  p_lines jsonb,
  p_items jsonb,
  p_current jsonb,
  out changes jsonb,
  out waiting jsonb,
  out refusal api.refusal
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_demands stock.demand[] := array(
    select stock.new_demand(p_ordinal => 1, p_sku_id => l.sku_id, p_channel_id => p_order.channel_id,
             p_quantity => least(l.kept - coalesce(h.kept, 0), 2147483647)::integer,
             p_freshness => orders.freshness_of(p_region_id => p_region_id, p_order => p_order, p_sku_id => l.sku_id))
      from orders.line_units(p_lines) l
      left join orders.line_units(p_current) h on h.sku_id = l.sku_id
     where l.kept > coalesce(h.kept, 0)
     order by l.sku_id);
  v_taken stock.allocation[] := '{}';
begin
  if cardinality(v_demands) > 0 then
    v_taken := orders.allocate_or_wait(p_region_id => p_region_id, p_demands => v_demands, p_order_ids => array[p_order.order_id]);
  end if;
  refusal := (
  select app.refuse_lines(p_code => 'ST001',
           p_detail => 'Not enough stock. Order at most what is available, or try again later. Nothing was changed.',
           p_errors => jsonb_agg(stock.short_line(p_line_no => f.line_no, p_sku_id => t.sku_id, p_requested => f.units,
             p_available => t.available + f.held, p_freshness => t.freshness) order by f.line_no))
    from unnest(v_taken) t
   cross join lateral (
     select n.kept as units, coalesce((select h.kept from orders.line_units(p_current) h where h.sku_id = t.sku_id), 0) as held, (
              select min(i.ordinality)::integer
                from jsonb_array_elements(p_items) with ordinality i
                join jsonb_to_recordset(p_lines) as l (sku_id text, quantity bigint, canceled bigint, components jsonb)
                  on l.sku_id = i.value ->> 'sku_id' and l.quantity > l.canceled
               where case when l.components is null then l.sku_id = t.sku_id
                          else l.components @> jsonb_build_array(jsonb_build_object('sku_id', t.sku_id)) end) as line_no
       from orders.line_units(p_lines) n
      where n.sku_id = t.sku_id) f
   where t.warehouse_id is null and t.waits is not true
  having count(*) > 0);
  with held as (
    select a.sku_id, a.warehouse_id, a.quantity - a.released_quantity - a.fulfilled_quantity as units,
           sum(a.quantity - a.released_quantity - a.fulfilled_quantity) over (partition by a.sku_id order by s.priority, a.warehouse_id) as upto
      from orders.order_allocations a
      left join catalog.serving_warehouses() s
        on s.channel_id = p_order.channel_id and s.warehouse_id = a.warehouse_id
     where a.region_id = p_region_id and a.order_id = p_order.order_id
  ), wanted as (
    select l.sku_id, l.open as units from orders.line_units(p_lines) l
  ), changed as (
    select h.sku_id, h.warehouse_id,
           greatest(0, least(h.units, coalesce(w.units, 0) - (h.upto - h.units))) - h.units as units
      from held h
      left join wanted w on w.sku_id = h.sku_id
     union all
    select t.sku_id, t.warehouse_id, t.quantity from unnest(v_taken) t where t.warehouse_id is not null
  ), waits as (
    select w.sku_id, w.units - coalesce((select sum(h.units) from held h where h.sku_id = w.sku_id), 0)
             - coalesce((select sum(c.units) from changed c where c.sku_id = w.sku_id), 0) as units
      from wanted w
  )
  select (select coalesce(jsonb_agg(to_jsonb(c) order by c.warehouse_id, c.sku_id), '[]') from changed c where c.units <> 0),
         (select coalesce(jsonb_object_agg(w.sku_id, w.units), '{}') from waits w where w.units > 0)
    into changes, waiting;
end
$$;

grant execute on function orders.reallocate(smallint, orders.orders, jsonb, jsonb, jsonb) to scoville_definer;
