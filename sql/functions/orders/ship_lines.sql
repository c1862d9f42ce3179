-- Brings the lines of an order up to date with the units that its allocations have shipped. Allocations know a SKU, not its lines:
-- lines of one SKU are shipped in their order, each up to the units that are not canceled.
create or replace function orders.ship_lines(
  p_region_id smallint,
  p_order_id bigint
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  if orders.has_bundles(p_region_id, p_order_id) then
    update orders.order_lines l
       set fulfilled_quantity = s.fulfilled, components = nullif(s.components, 'null')
      from orders.share_bundles(p_region_id, p_order_id) b
     cross join lateral jsonb_to_recordset(b.lines) as s (line_no smallint, fulfilled integer, components jsonb)
     where l.region_id = p_region_id and l.order_id = p_order_id and l.line_no = s.line_no;
    return;
  end if;
  update orders.order_lines l
     set fulfilled_quantity = s.units
    from (select n.line_no, greatest(0, least(n.kept, u.units - n.before))::integer as units
            from (select o.line_no, o.sku_id, o.quantity - o.canceled_quantity as kept,
                         sum(o.quantity - o.canceled_quantity) over (partition by o.sku_id order by o.line_no)
                           - (o.quantity - o.canceled_quantity) as before
                    from orders.order_lines o
                   where o.region_id = p_region_id and o.order_id = p_order_id) n
            join (select a.sku_id, sum(a.fulfilled_quantity) as units
                    from orders.order_allocations a
                   where a.region_id = p_region_id and a.order_id = p_order_id
                   group by a.sku_id) u on u.sku_id = n.sku_id) s
   where l.region_id = p_region_id and l.order_id = p_order_id and l.line_no = s.line_no and l.fulfilled_quantity <> s.units;
end
$$;

grant execute on function orders.ship_lines(smallint, bigint) to scoville_definer;
