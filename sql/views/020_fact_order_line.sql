create or replace view bi.fact_order_line with (security_invoker = true, security_barrier = true) as
select l.region_id, orders.public_id(l.region_id, l.order_id) as order_id, l.order_id as order_no, l.line_no, l.sku_id,
       l.channel_id, o.customer_pseudonym::text as customer_key, o.placed_at,
       timezone(g.time_zone, o.placed_at)::date as placed_on, o.created_at,
       o.status::text as status, o.fulfillment_status::text as fulfillment_status, l.quantity::integer as quantity,
       l.price::numeric(14, 4) as unit_price,
       orders.line_amount(p_price => l.price, p_amount => l.amount, p_amount_quantity => l.amount_quantity,
         p_units => l.quantity)::numeric(18, 4) as amount,
       o.currency, l.fulfilled_quantity as units_shipped, l.canceled_quantity as units_canceled,
       orders.line_amount(p_price => l.price, p_amount => l.amount, p_amount_quantity => l.amount_quantity,
         p_units => case when o.unpaid_until is null and o.unpaid_left is null then l.quantity - l.canceled_quantity else 0 end
       )::numeric(18, 4) as revenue
  from orders.order_lines l
  join orders.orders o on o.region_id = l.region_id and o.order_id = l.order_id
  join catalog.regions g on g.region_id = l.region_id;

comment on view bi.fact_order_line is 'One row per order line, in its present state. Live.';
comment on column bi.fact_order_line.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.fact_order_line.order_id is 'The public ID of the order: ORD-<region>-<number>.';
comment on column bi.fact_order_line.order_no is 'The number in order_id; identifies an order together with region_id.';
comment on column bi.fact_order_line.line_no is 'The number of the line in its order, from 1.';
comment on column bi.fact_order_line.sku_id is
  'The SKU as it was sold; joins dim_sku. A bundle is one line here; views that count stock or sums by day have its components.';
comment on column bi.fact_order_line.channel_id is 'The sales channel; joins dim_channel.';
comment on column bi.fact_order_line.customer_key is 'The customer; joins dim_customer. Null where the order names none.';
comment on column bi.fact_order_line.placed_at is 'When the customer ordered.';
comment on column bi.fact_order_line.placed_on is 'The day of placed_at in the time zone of the region; joins dim_date.';
comment on column bi.fact_order_line.created_at is
  'When Scoville received it: later than placed_at for imported orders.';
comment on column bi.fact_order_line.status is 'pending, processing, on_hold, completed or canceled.';
comment on column bi.fact_order_line.fulfillment_status is 'unfulfilled, partially_fulfilled or fulfilled.';
comment on column bi.fact_order_line.quantity is 'Units ordered.';
comment on column bi.fact_order_line.unit_price is 'Price of one unit; null where the line was sold at an exact amount.';
comment on column bi.fact_order_line.amount is
  'The price of quantity, what was ordered: quantity * unit_price, or exact. revenue leaves out what was canceled.';
comment on column bi.fact_order_line.currency is 'ISO 4217 code of the amounts.';
comment on column bi.fact_order_line.units_shipped is 'Units of these that were shipped.';
comment on column bi.fact_order_line.units_canceled is 'Units of these that were canceled.';
comment on column bi.fact_order_line.revenue is
  'The price of quantity - units_canceled: the turnover, as every view counts it. 0 while the order is unpaid (pending, or on hold '
  'since then): until the payment is confirmed it is a promise of units and no sale.';
grant select on bi.fact_order_line to bi_reader;
