-- The items of a change of an order, with what they cost if they do not keep the prices of the order. An item whose amount is that of a
-- line of the order claims this line, of several one with its address, if any. is_free: it names neither price nor amount. more: of units
-- that the order does not have. components: what its bundles are made of: as in the lines that have units of it, which froze it; for
-- others as the item has it (orders.name_components). An item that is canceled whole asks for nothing.
create or replace function orders.match_items(
  p_region_id smallint,
  p_order orders.orders,
  p_items jsonb
)
  returns table (item_no integer, sku_id text, quantity bigint, given numeric, given_amount numeric, is_free boolean, more boolean,
    known boolean, sold boolean, currency text, current numeric, is_old boolean, inexact jsonb, claimed smallint, price numeric,
    amount numeric, amount_quantity integer, is_agreed boolean, components jsonb, address text)
  language sql
  stable
  set search_path = ''
as $$
  with items as (
    select i.ordinality::integer as item_no, i.value ->> 'sku_id' as sku_id, (i.value ->> 'quantity')::bigint as quantity,
           (i.value ->> 'price')::numeric as given, (i.value ->> 'amount')::numeric as amount,
           nullif(i.value -> 'components', 'null') as components, i.value ->> 'address' as address
      from jsonb_array_elements(p_items) with ordinality i
     where ((i.value ->> 'canceled')::bigint > 0 and (i.value ->> 'quantity')::bigint = 0) is not true
  ), held as (
    select o.sku_id, sum(o.quantity - o.canceled_quantity) as units, min(o.components::text)::jsonb as components
      from orders.order_lines o
     where o.region_id = p_region_id and o.order_id = p_order.order_id and o.quantity > o.canceled_quantity
     group by o.sku_id
  ), worths as (
    select o.line_no, o.sku_id, o.quantity - o.canceled_quantity as quantity, o.amount, o.amount_quantity, coalesce(o.address, '') as place,
           orders.line_amount(p_price => o.price, p_amount => o.amount, p_amount_quantity => o.amount_quantity,
             p_units => o.quantity - o.canceled_quantity) as worth
      from orders.order_lines o
     where o.region_id = p_region_id and o.order_id = p_order.order_id and o.amount is not null
  ), asked as (
    select i.*, row_number() over (partition by i.sku_id, i.quantity, i.amount, i.pool order by i.item_no) as nth
      from (select n.item_no, n.sku_id, n.quantity, n.given, n.amount, n.address,
                   sum(n.quantity) over (partition by n.sku_id) > coalesce(h.units, 0) as more,
                   orders.freeze_components(p_components => case when h.units > 0 then h.components else n.components end,
                     p_historic => false, p_quantity => 0) as components,
                   (select min(w.place) from worths w
                     where w.sku_id = n.sku_id and w.quantity = n.quantity and w.worth = n.amount and w.place = coalesce(n.address, '')) as pool
              from items n
              left join held h on h.sku_id = n.sku_id) i
  ), exact as (
    select l.*, row_number() over (partition by l.sku_id, l.quantity, l.worth, l.pool order by l.line_no) as nth
      from (select w.*, (select min(coalesce(n.address, '')) from items n
                          where n.sku_id = w.sku_id and n.quantity = w.quantity and n.amount = w.worth and coalesce(n.address, '') = w.place) as pool
              from worths w) l
  )
  select i.item_no, i.sku_id, i.quantity, i.given, i.amount, i.given is null and i.amount is null, i.more, k.sku_id is not null,
         coalesce(k.active and k.currency = p_order.currency and (i.components is null or catalog.sells_components(i.components)), false),
         k.currency, n.current,
         i.given is not null and i.given is distinct from n.current,
         orders.inexact_line(p_line_no => i.item_no, p_sku_id => i.sku_id, p_price => i.given, p_amount => i.amount,
           p_currency => p_order.currency, p_decimals => m.decimals),
         e.line_no,
         case when i.amount is null then i.given when e.line_no is null and n.amount is null then n.current end,
         coalesce(e.amount, n.amount), coalesce(e.amount_quantity, case when n.amount is not null then i.quantity::integer end),
         coalesce(e.line_no is not null or n.amount is not null or i.amount = n.current * i.quantity, false), i.components,
         i.address
    from asked i
    left join exact e on e.sku_id = i.sku_id and e.quantity = i.quantity and e.worth = i.amount and e.nth = i.nth
     and e.pool is not distinct from i.pool
    left join lateral (select s.* from catalog.skus s where s.sku_id = i.sku_id limit 1) k on true
    left join catalog.currencies m on m.currency = p_order.currency
    left join catalog.channels c on c.channel_id = p_order.channel_id
   cross join lateral (
     select case when k.currency = p_order.currency
                 then orders.line_price(p_pricing => c.pricing, p_historic => false, p_given => i.given, p_amount => null,
                        p_current => k.price, p_decimals => m.decimals) end,
            case when k.currency = p_order.currency
                 then orders.own_amount(p_pricing => c.pricing, p_historic => false, p_given => i.amount, p_decimals => m.decimals) end)
     n (current, amount);
$$;

grant execute on function orders.match_items(smallint, orders.orders, jsonb) to scoville_definer;
