-- The lines of an order (of orders.current_lines), with the addresses that a change gives them: an address of which no item (p_priced, of
-- orders.price_lines) speaks any more becomes the next one that is new among the items of its SKU and price, in the lines that have open
-- units. A line with an exact amount gets that of the item that takes its first units, from which its amount is counted.
create or replace function orders.readdress_lines(
  p_current jsonb,
  p_priced jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  with old as (
    select o.value as line, o.ordinality, u.open > 0 as is_open, (o.value ->> 'quantity')::bigint > (o.value ->> 'canceled')::bigint as is_kept,
           o.value ->> 'sku_id' as sku_id, o.value -> 'price' as price, coalesce(o.value ->> 'address', '') as place
      from jsonb_array_elements(p_current) with ordinality o
     cross join lateral (select sum(n.open) from orders.line_units(jsonb_build_array(o.value)) n) u (open)
  ), named as (
    select p.value ->> 'sku_id' as sku_id, p.value -> 'price' as price, coalesce(p.value ->> 'address', '') as place,
           min(p.ordinality) as nth
      from jsonb_array_elements(p_priced) with ordinality p group by 1, 2, 3
  ), gone as (
    select o.sku_id, o.price, o.place, row_number() over (partition by o.sku_id, o.price order by min(o.ordinality)) as nth
      from old o
     where o.is_open and o.price <> 'null' and (o.sku_id, o.price, o.place) not in (select n.sku_id, n.price, n.place from named n)
     group by 1, 2, 3
  ), come as (
    select n.sku_id, n.price, n.place, row_number() over (partition by n.sku_id, n.price order by n.nth) as nth
      from named n
     where n.price <> 'null' and (n.sku_id, n.price, n.place) not in (select o.sku_id, o.price, o.place from old o where o.is_kept)
  )
  select jsonb_agg(o.line || jsonb_build_object('address', nullif(case when not o.is_open then o.place
           when o.price = 'null' then coalesce(e.place, o.place) else coalesce(c.place, o.place) end, '')) order by o.ordinality)
    from old o
    left join gone g on g.sku_id = o.sku_id and g.price = o.price and g.place = o.place
    left join come c on c.sku_id = g.sku_id and c.price = g.price and c.nth = g.nth
    left join lateral (
      select coalesce(p.value ->> 'address', '') as place
        from jsonb_array_elements(p_priced) with ordinality p
       where p.value -> 'source' = o.line -> 'line_no'
       order by coalesce(p.value ->> 'address', '') <> o.place, p.value -> 'amount_quantity' <> o.line -> 'amount_quantity', p.ordinality
       limit 1) e on true;
$$;

grant execute on function orders.readdress_lines(jsonb, jsonb) to scoville_definer;
