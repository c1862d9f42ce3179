-- The new lines of an order with their prices. A line that the order already has (the nth of its SKU) keeps its price unless the
-- caller gives the current one. Other lines get the current price. refusal: as for a new order. p_open: the order's open units per
-- SKU. An order may keep units of a SKU that is no longer for sale, but not add any.
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
    select l.sku_id, l.price, row_number() over (partition by l.sku_id order by l.line_no) as nth
      from orders.order_lines l
     where l.region_id = p_region_id and l.order_id = p_order.order_id
  ), items as (
    select i.ordinality::integer as line_no, i.value ->> 'sku_id' as sku_id, (i.value ->> 'quantity')::bigint as quantity,
           (i.value ->> 'price')::numeric(9, 2) as price,
           row_number() over (partition by i.value ->> 'sku_id' order by i.ordinality) as nth,
           sum((i.value ->> 'quantity')::bigint) over (partition by i.value ->> 'sku_id')
             > coalesce((p_open ->> (i.value ->> 'sku_id'))::bigint, 0) as more
      from jsonb_array_elements(p_request -> 'items') with ordinality i
  ), priced as (
    select i.line_no, i.sku_id, i.quantity, i.price as given, i.more, k.sku_id is not null as known, k.currency, n.current,
           o.price as kept, coalesce(i.price, o.price, n.current) as price,
           i.price is null or i.price is not distinct from n.current
             or exists (select from old b where b.sku_id = i.sku_id and b.price = i.price) as agreed,
           coalesce(k.active and k.currency = p_order.currency, false) and (n.current is not null or o.price is not null) as sold
      from items i
      left join lateral (select s.* from catalog.skus s where s.sku_id = i.sku_id limit 1) k on true
      left join catalog.channels c on c.channel_id = p_order.channel_id
     cross join lateral (select case when k.currency <> p_order.currency then null
                                     when c.pricing = 'channel' then coalesce(i.price, k.price) else k.price end) n (current)
      left join old o on o.sku_id = i.sku_id and o.nth = i.nth
  )
  select s.lines, s.total, orders.refuse_draft(p_order => p_request, p_channel_id => p_order.channel_id,
           p_channel_known => not s.more or c.active, p_total => s.total, p_lines => s.lines, p_unknown => s.unknown,
           p_unsaleable => s.unsaleable, p_repriced => s.repriced)
    from (select jsonb_agg(jsonb_build_object('line_no', p.line_no, 'sku_id', p.sku_id,
                   'quantity', p.quantity, 'price', p.price) order by p.line_no) as lines,
                 sum(p.price * p.quantity) as total, bool_or(p.more) as more,
                 jsonb_agg(orders.unknown_line(p.line_no, p.sku_id) order by p.line_no)
                   filter (where not p.known) as unknown,
                 jsonb_agg(orders.unsaleable_line(p_line_no => p.line_no, p_sku_id => p.sku_id, p_currency => p.currency,
                   p_order_currency => p_order.currency) order by p.line_no) filter (where p.more and not p.sold or p.price is null) as unsaleable,
                 jsonb_agg(orders.repriced_line(p_line_no => p.line_no, p_sku_id => p.sku_id, p_price => p.given,
                   p_current => coalesce(p.current, p.kept)) order by p.line_no)
                   filter (where not p.agreed) as repriced
            from priced p) s
    join catalog.channels c on c.channel_id = p_order.channel_id;
$$;

grant execute on function orders.price_lines(smallint, orders.orders, jsonb, jsonb) to scoville_definer;
