-- Which units of the lines of an order (p_lines: [{"line_no", "sku_id", "address", "units"}]) items take that name neither price nor amount
-- (p_items: [{"item_no", "sku_id", "address", "quantity"}]): first units that go to their address, then the others of their SKU, each in the
-- order of the lines. Items with one address take units next to each other, so that the amounts of the parts of a line add up. line_no
-- null: no line has units for them. before: units of the line that come before these; place: the order of the units of an item. An item
-- without a quantity has units of null: the table refuses its line.
create or replace function orders.share_units(
  p_items jsonb,
  p_lines jsonb
)
  returns table (item_no integer, line_no smallint, place bigint, before bigint, units bigint)
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  with items as (
    select i.item_no, i.sku_id, coalesce(i.address, '') as address, i.quantity,
           min(i.item_no) over (partition by i.sku_id, i.address) as first_no,
           sum(i.quantity) over (partition by i.sku_id, coalesce(i.address, '') order by i.item_no) as upto
      from jsonb_to_recordset(p_items) as i (item_no integer, sku_id text, address text, quantity bigint)
  ), lines as (
    select l.line_no, l.sku_id, coalesce(l.address, '') as address, l.units,
           sum(l.units) over (partition by l.sku_id, coalesce(l.address, '') order by l.line_no) as upto
      from jsonb_to_recordset(p_lines) as l (line_no smallint, sku_id text, address text, units bigint)
  ), asked as (  -- each item in two parts: units that lines have for its address, and the others (pool null)
    select i.item_no, i.sku_id, p.pool, p.units, sum(p.units) over (partition by i.sku_id, p.pool order by i.first_no, i.item_no) as upto
      from items i
     cross join lateral (
       select greatest(0, least(i.quantity, coalesce(sum(l.units), 0) - i.upto + i.quantity))
         from lines l where l.sku_id = i.sku_id and l.address = i.address) o (units)
     cross join lateral (values (i.address, o.units), (null, i.quantity - o.units)) p (pool, units)
     where p.units > 0
  ), held as (
    select l.line_no, l.sku_id, p.pool, p.units, p.before, sum(p.units) over (partition by l.sku_id, p.pool order by l.line_no) as upto
      from lines l
     cross join lateral (
       select greatest(0, least(l.units, coalesce(sum(i.quantity), 0) - l.upto + l.units))
         from items i where i.sku_id = l.sku_id and i.address = l.address) o (units)
     cross join lateral (values (l.address, o.units, 0), (null, l.units - o.units, o.units)) p (pool, units, before)
     where p.units > 0
  ), taken as (
    select a.item_no, h.line_no, (greatest(a.upto - a.units, h.upto - h.units) - h.upto + h.units + h.before)::bigint as before,
           (least(a.upto, h.upto) - greatest(a.upto - a.units, h.upto - h.units))::bigint as units
      from asked a
      join held h on h.sku_id = a.sku_id and h.pool is not distinct from a.pool
     where least(a.upto, h.upto) > greatest(a.upto - a.units, h.upto - h.units)
  )
  select t.item_no, t.line_no, t.line_no::bigint, t.before, t.units from taken t
   union all
  select i.item_no, null, 32768, 0, i.quantity - coalesce(t.units, 0)
    from items i
    left join (select n.item_no, sum(n.units)::bigint as units from taken n group by n.item_no) t on t.item_no = i.item_no
   where i.quantity is null or i.quantity > coalesce(t.units, 0);
$$;

grant execute on function orders.share_units(jsonb, jsonb) to scoville_definer;
