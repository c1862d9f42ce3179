-- The new lines of an order with their prices. Units that the order already has keep their prices (orders.share_units); units
-- above those have the current price, on a line of their own. A price that the caller names must be the current one, or one at
-- which the order already has that many units of the SKU; an amount must be that of a line of the order, or what its units cost now.
-- refusal: as for a new order. source: the line whose exact amount the units share.
-- An order may keep units of a SKU that is no longer for sale, but not add any.
create or replace function orders.price_lines(
  p_region_id smallint,
  p_order orders.orders,
  p_request jsonb,
  out lines jsonb,
  out total_price numeric,
  out refusal api.refusal
)
  language sql
  stable
  set search_path = ''
as $$
  with old as (
    select l.line_no, l.sku_id, l.price, l.amount, l.amount_quantity, l.address, l.quantity - l.canceled_quantity as quantity,
           sum(l.quantity - l.canceled_quantity) over (partition by l.sku_id, l.price order by l.line_no) as upto_of_price
      from orders.order_lines l
     where l.region_id = p_region_id and l.order_id = p_order.order_id
  ), wanted as (
    select w.*, sum(w.quantity) over (partition by w.sku_id, w.given) as at_price
      from orders.match_items(p_region_id => p_region_id, p_order => p_order, p_items => p_request -> 'items') w
  ), kept as (  -- the old units that no item claims by its price or amount
    select o.line_no, o.sku_id, o.price, o.amount, o.amount_quantity, o.address,
           greatest(0, least(o.quantity, o.upto_of_price - coalesce(w.units, 0))) as units
      from old o
      left join (select n.sku_id, n.given, sum(n.quantity) as units from wanted n where n.is_old group by 1, 2) w
        on w.sku_id = o.sku_id and w.given = o.price
     where o.line_no not in (select n.claimed from wanted n where n.claimed is not null)
  ), pieces as (
    select w.item_no, 0::bigint as place, w.quantity::bigint as units, w.price, w.amount, w.amount_quantity, w.claimed as source
      from wanted w where not w.is_free
     union all
    select u.item_no, u.place, u.units, case when k.line_no is null then w.current else k.price end, a.amount, a.amount_quantity,
           case when k.amount is not null then k.line_no end
      from orders.share_units(
             (select jsonb_agg(to_jsonb(f)) from (select w.item_no, w.sku_id, w.address, w.quantity from wanted w where w.is_free) f),
             (select jsonb_agg(to_jsonb(k)) from kept k)) u
      join wanted w on w.item_no = u.item_no
      left join kept k on k.line_no = u.line_no
      left join lateral orders.share_amount(p_amount => k.amount, p_amount_quantity => k.amount_quantity, p_before => u.before,
                          p_units => u.units) a on k.line_no is not null
  ), priced as (  -- what an item has of one line at an exact amount stays apart
    select row_number() over (order by g.item_no, g.place) as line_no, g.*
      from (select p.item_no, p.price, p.amount, p.amount_quantity, p.source, min(p.place) as place, sum(p.units)::bigint as units
              from pieces p group by 1, 2, 3, 4, 5) g
  ), judged as (
    select w.*, u.units as old_units,
           case when w.given_amount is null then not w.is_old or w.at_price <= u.units else w.is_agreed end as agreed
      from wanted w
     cross join lateral (
       select coalesce(sum(o.quantity), 0) from old o where o.sku_id = w.sku_id and o.price = w.given) u (units)
  )
  select s.lines, s.total, orders.refuse_draft(p_order => p_request, p_channel_id => p_order.channel_id,
           p_channel_known => not f.more or c.active, p_total => s.total, p_lines => s.lines, p_unknown => f.unknown,
           p_unsaleable => f.unsaleable, p_inexact => f.inexact, p_repriced => f.repriced)
    from (select jsonb_agg(jsonb_build_object('line_no', p.line_no, 'sku_id', w.sku_id, 'quantity', p.units, 'price', p.price,
                   'amount', p.amount, 'amount_quantity', p.amount_quantity, 'fulfilled', 0, 'canceled', 0,
                   'components', w.components, 'address', w.address, 'source', p.source)
                   order by p.line_no) as lines,
                 sum(orders.line_amount(p_price => p.price, p_amount => p.amount, p_amount_quantity => p.amount_quantity,
                   p_units => p.units)) as total
            from priced p
            join wanted w on w.item_no = p.item_no) s
   cross join (
     select bool_or(j.more) as more,
            jsonb_agg(orders.unknown_line(j.item_no, j.sku_id) order by j.item_no) filter (where not j.known) as unknown,
            jsonb_agg(orders.unsaleable_line(p_line_no => j.item_no, p_sku_id => j.sku_id, p_currency => j.currency,
              p_order_currency => p_order.currency) order by j.item_no)
              filter (where j.more and not j.sold or j.current is null and not j.agreed
                         or j.item_no in (select p.item_no from priced p where p.price is null and p.amount is null)) as unsaleable,
            jsonb_agg(j.inexact order by j.item_no) filter (where j.inexact is not null) as inexact,
            jsonb_agg(case when j.given_amount is null
                           then orders.repriced_line(p_line_no => j.item_no, p_sku_id => j.sku_id, p_price => j.given,
                                  p_current => j.current, p_kept => j.old_units::bigint)
                           else orders.misjudged_line(p_line_no => j.item_no, p_sku_id => j.sku_id, p_quantity => j.quantity,
                                  p_amount => j.given_amount, p_current => j.current) end
              order by j.item_no) filter (where not j.agreed) as repriced
       from judged j) f
    join catalog.channels c on c.channel_id = p_order.channel_id;
$$;

grant execute on function orders.price_lines(smallint, orders.orders, jsonb) to scoville_definer;
