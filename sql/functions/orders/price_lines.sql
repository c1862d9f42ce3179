-- The new lines of an order with their prices. Units that the order already has keep their prices, in the order of its lines; units
-- above those have the current price, on a line of their own. A price that the caller names must be the current one, or one at
-- which the order already has that many units of the SKU. refusal: as for a new order. p_open: the order's open units per SKU.
-- An order may keep units of a SKU that is no longer for sale, but not add any.
create or replace function orders.price_lines(
  p_region_id smallint,
  p_order orders.orders,
  p_request jsonb,
  p_open jsonb,
  out lines jsonb,
  out total_price numeric,
  out refusal api.refusal
)
  language sql
  stable
  set search_path = ''
as $$
  with old as (
    select l.sku_id, l.price, l.line_no, l.quantity,
           sum(l.quantity) over (partition by l.sku_id, l.price order by l.line_no) as upto_of_price
      from orders.order_lines l
     where l.region_id = p_region_id and l.order_id = p_order.order_id
  ), items as (
    select i.ordinality::integer as item_no, i.value ->> 'sku_id' as sku_id, (i.value ->> 'quantity')::bigint as quantity,
           (i.value ->> 'price')::numeric(9, 2) as given,
           sum((i.value ->> 'quantity')::bigint) over (partition by i.value ->> 'sku_id')
             > coalesce((p_open ->> (i.value ->> 'sku_id'))::bigint, 0) as more
      from jsonb_array_elements(p_request -> 'items') with ordinality i
  ), wanted as (
    select i.*, k.sku_id is not null as known, k.currency, n.current,
           coalesce(k.active and k.currency = p_order.currency, false) as sold,
           i.given is distinct from n.current and i.given is not null as is_old,
           sum(i.quantity) filter (where i.given is null) over (partition by i.sku_id order by i.item_no) as upto,
           sum(i.quantity) over (partition by i.sku_id, i.given) as at_price
      from items i
      left join lateral (select s.* from catalog.skus s where s.sku_id = i.sku_id limit 1) k on true
      left join catalog.channels c on c.channel_id = p_order.channel_id
     cross join lateral (select case when k.currency <> p_order.currency then null
       else orders.line_price(p_pricing => c.pricing, p_historic => false, p_given => i.given, p_current => k.price) end) n (current)
  ), kept as (  -- the old units that no item claims by its price, as intervals of the units of their SKU
    select f.sku_id, f.price, f.units, sum(f.units) over (partition by f.sku_id order by f.line_no) as upto
      from (select o.sku_id, o.price, o.line_no, greatest(0, least(o.quantity, o.upto_of_price - coalesce(w.units, 0))) as units
              from old o
              left join (select n.sku_id, n.given, sum(n.quantity) as units from wanted n where n.is_old group by 1, 2) w
                on w.sku_id = o.sku_id and w.given = o.price) f
  ), pieces as (
    select w.item_no, 0::numeric as place, w.quantity::numeric as units, w.given as price
      from wanted w where w.given is not null
     union all
    select w.item_no, greatest(w.upto - w.quantity, k.upto - k.units), p.units, k.price
      from wanted w
      join kept k on k.sku_id = w.sku_id
     cross join lateral (
       select least(w.upto, k.upto) - greatest(w.upto - w.quantity, k.upto - k.units)) p (units)
     where w.given is null and w.quantity is not null and p.units > 0
     union all
    select w.item_no, greatest(w.upto - w.quantity, a.units),
           case when w.quantity is not null then w.upto - greatest(w.upto - w.quantity, a.units) end, w.current
      from wanted w
     cross join lateral (select coalesce(sum(k.units), 0) from kept k where k.sku_id = w.sku_id) a (units)
     where w.given is null and (w.upto > a.units or w.quantity is null)  -- no quantity: the table refuses the line
  ), priced as (
    select row_number() over (order by g.item_no, g.place) as line_no, g.*
      from (select p.item_no, p.price, min(p.place) as place, sum(p.units)::bigint as units from pieces p group by 1, 2) g
  ), judged as (
    select w.*, u.units as old_units, not w.is_old or w.at_price <= u.units as agreed
      from wanted w
     cross join lateral (
       select coalesce(sum(o.quantity), 0) from old o where o.sku_id = w.sku_id and o.price = w.given) u (units)
  )
  select s.lines, s.total, orders.refuse_draft(p_order => p_request, p_channel_id => p_order.channel_id,
           p_channel_known => not f.more or c.active, p_total => s.total, p_lines => s.lines, p_unknown => f.unknown,
           p_unsaleable => f.unsaleable, p_repriced => f.repriced)
    from (select jsonb_agg(jsonb_build_object('line_no', p.line_no, 'sku_id', w.sku_id, 'quantity', p.units, 'price', p.price)
                   order by p.line_no) as lines,
                 sum(p.price * p.units) as total
            from priced p
            join wanted w on w.item_no = p.item_no) s
   cross join (
     select bool_or(j.more) as more,
            jsonb_agg(orders.unknown_line(j.item_no, j.sku_id) order by j.item_no) filter (where not j.known) as unknown,
            jsonb_agg(orders.unsaleable_line(p_line_no => j.item_no, p_sku_id => j.sku_id, p_currency => j.currency,
              p_order_currency => p_order.currency) order by j.item_no)
              filter (where j.more and not j.sold or j.current is null and not j.agreed
                         or exists (select from priced p where p.item_no = j.item_no and p.price is null)) as unsaleable,
            jsonb_agg(orders.repriced_line(p_line_no => j.item_no, p_sku_id => j.sku_id, p_price => j.given,
              p_current => j.current, p_kept => j.old_units::bigint) order by j.item_no) filter (where not j.agreed) as repriced
       from judged j) f
    join catalog.channels c on c.channel_id = p_order.channel_id;
$$;

grant execute on function orders.price_lines(smallint, orders.orders, jsonb, jsonb) to scoville_definer;
