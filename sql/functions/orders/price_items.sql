-- The faulty lines of an order, and its total. Reserved units of a SKU that was retired later can still be ordered.
-- A historic order was sold at its own prices, also of SKUs that are retired since.
-- A standard SQL body, so that the planner inlines it.
create or replace function orders.price_items(
  p_region_id smallint,
  p_items jsonb,
  p_pricing text,
  p_reservation_id bigint,
  p_historic boolean
)
  returns table (lines jsonb, total numeric, unknown jsonb, unsaleable jsonb, inexact jsonb, repriced jsonb)
  language sql
  stable
begin atomic
  select jsonb_agg(i.line_no) as lines, sum(coalesce(p.amount, p.price * i.quantity)) as total,
         jsonb_agg(orders.unknown_line(i.line_no, i.sku_id) order by i.line_no) filter (where k.sku_id is null)
           as unknown,
         jsonb_agg(orders.unsaleable_line(p_line_no => i.line_no, p_sku_id => i.sku_id, p_currency => k.currency,
           p_order_currency => f.currency) order by i.line_no)
           filter (where not (k.active and (k.components = '[]' or catalog.sells_components(k.components))) and not p_historic
             and not orders.covers_items(p_region_id => p_region_id,
                           p_reservation_id => p_reservation_id, p_sku_id => i.sku_id, p_items => p_items)
             or p.amount is null and p.price is null or k.currency <> f.currency) as unsaleable,
         jsonb_agg(x.inexact order by i.line_no) filter (where x.inexact is not null) as inexact,
         jsonb_agg(case when i.amount is null
                        then orders.repriced_line(p_line_no => i.line_no, p_sku_id => i.sku_id, p_price => i.price, p_current => p.price)
                        else orders.misjudged_line(p_line_no => i.line_no, p_sku_id => i.sku_id, p_quantity => i.quantity,
                               p_amount => i.amount, p_current => p.price) end order by i.line_no)
           filter (where i.price <> p.price or i.amount <> coalesce(p.amount, p.price * i.quantity)) as repriced
    from (select r.ordinality::integer as line_no, r.value ->> 'sku_id' as sku_id,
                 (r.value ->> 'quantity')::bigint as quantity, (r.value ->> 'price')::numeric as price,
                 (r.value ->> 'amount')::numeric as amount
            from jsonb_array_elements(p_items) with ordinality r) i
    -- By key: with a misjudged number of lines the planner would read the whole catalog per order.
    left join lateral (select s.* from catalog.skus s where s.sku_id = i.sku_id limit 1) k on true
    left join lateral (select s.currency from catalog.skus s where s.sku_id = p_items -> 0 ->> 'sku_id' limit 1) f on true
   cross join lateral (
     select orders.own_amount(p_pricing => p_pricing, p_historic => p_historic, p_given => i.amount, p_decimals => k.decimals)
              as amount,
            orders.line_price(p_pricing => p_pricing, p_historic => p_historic, p_given => i.price, p_amount => i.amount,
              p_current => k.price, p_decimals => k.decimals) as price) p
   cross join lateral (
     select orders.inexact_line(p_line_no => i.line_no, p_sku_id => i.sku_id, p_price => i.price, p_amount => i.amount,
       p_currency => k.currency, p_decimals => k.decimals)) x (inexact);
end;

grant execute on function orders.price_items(smallint, jsonb, text, bigint, boolean) to scoville_definer;
