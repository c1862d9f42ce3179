-- What has to change so that a locked order has what p_lines want: [{"sku_id", "warehouse_id", "units"}], units below 0 to be
-- released, above 0 to be taken. What is kept stays where it is; what is less goes from the warehouse that the channel asks
-- last; what is more comes as for an order that is placed, all of it or nothing. refusal: which lines are short.
-- Lock order: the caller has locked every level that could be concerned (orders.lock_orders).
create or replace function orders.reallocate(
  p_region_id smallint,
  p_order orders.orders,
  p_lines jsonb,
  p_held jsonb,
  out changes jsonb,
  out refusal jsonb
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_demands stock.demand[] := array(
    select row(1, l.sku_id, p_order.channel_id, sum(l.quantity) - coalesce((p_held ->> l.sku_id)::bigint, 0), null)::stock.demand
      from jsonb_to_recordset(p_lines) as l (sku_id text, quantity bigint)
     group by l.sku_id
    having sum(l.quantity) > coalesce((p_held ->> l.sku_id)::bigint, 0)
     order by l.sku_id);
  v_taken jsonb := '[]';
begin
  if cardinality(v_demands) > 0 then
    select jsonb_agg(to_jsonb(a)) into v_taken from stock.allocate(p_region_id, v_demands) a;
  end if;
  select jsonb_build_object('code', 'ST001', 'body', jsonb_build_object(
           'detail', 'Not enough stock. Order at most what is available, or try again later. Nothing was changed.',
           'errors', jsonb_agg(stock.short_line(f.line_no, t.sku_id, f.units, t.available + f.held) order by f.line_no)))
    into refusal
    from jsonb_to_recordset(v_taken) as t (sku_id text, warehouse_id text, available integer)
   cross join lateral (
     select min(l.line_no) as line_no, sum(l.quantity)::bigint as units, coalesce((p_held ->> t.sku_id)::bigint, 0) as held
       from jsonb_to_recordset(p_lines) as l (sku_id text, quantity bigint, line_no integer)
      where l.sku_id = t.sku_id) f
   where t.warehouse_id is null
  having count(*) > 0;
  with held as (
    select a.sku_id, a.warehouse_id, a.quantity - a.released_quantity as units,
           sum(a.quantity - a.released_quantity) over (partition by a.sku_id order by s.priority, a.warehouse_id) as upto
      from orders.order_allocations a
      left join (catalog.channel_warehouses s
                 join catalog.warehouses h on h.warehouse_id = s.warehouse_id and h.active)
        on s.channel_id = p_order.channel_id and s.warehouse_id = a.warehouse_id
     where a.region_id = p_region_id and a.order_id = p_order.order_id
  ), wanted as (
    select l.sku_id, sum(l.quantity) as units
      from jsonb_to_recordset(p_lines) as l (sku_id text, quantity bigint) group by l.sku_id
  ), changed as (
    select h.sku_id, h.warehouse_id,
           greatest(0, least(h.units, coalesce(w.units, 0) - (h.upto - h.units))) - h.units as units
      from held h
      left join wanted w on w.sku_id = h.sku_id
     union all
    select t.sku_id, t.warehouse_id, t.quantity
      from jsonb_to_recordset(v_taken) as t (sku_id text, warehouse_id text, quantity integer)
  )
  select coalesce(jsonb_agg(to_jsonb(c) order by c.warehouse_id, c.sku_id), '[]') into changes
    from changed c where c.units <> 0;
end
$$;

grant execute on function orders.reallocate(smallint, orders.orders, jsonb, jsonb) to scoville_definer;
