create or replace view bi.relationships with (security_invoker = true, security_barrier = true) as
select r.from_view, r.from_columns, r.to_view, r.to_columns, r.cardinality
  from (values
    ('fact_order_line', 'placed_on', 'dim_date', 'date_on', 'many to one'),
    ('fact_stock_movement', 'recorded_on', 'dim_date', 'date_on', 'many to one'),
    ('fact_stock_movement', 'occurred_on', 'dim_date', 'date_on', 'many to one'),
    ('fact_stock_daily', 'day_on', 'dim_date', 'date_on', 'many to one'),
    ('fact_fulfillment', 'shipped_on', 'dim_date', 'date_on', 'many to one'),
    ('fact_reservation', 'created_on', 'dim_date', 'date_on', 'many to one'),
    ('fact_webhook_delivery', 'created_on', 'dim_date', 'date_on', 'many to one'),
    ('fact_order_line', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('fact_stock_movement', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('fact_stock_daily', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('fact_fulfillment', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('fact_reservation', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('inventory_turnover', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('days_of_cover', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('sell_through', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('stockouts', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('fill_rate', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('expiring_lots', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('aging_stock', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('abc_xyz', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('shrinkage', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('fact_stock_movement', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('fact_stock_daily', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('fact_fulfillment', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('fact_reservation', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('inventory_turnover', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('days_of_cover', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('sell_through', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('stockouts', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('fill_rate', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('fulfillment_lead_time', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('expiring_lots', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('aging_stock', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('shrinkage', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('count_accuracy', 'warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('count_accuracy', 'counted_on', 'dim_date', 'date_on', 'many to one'),
    ('in_transit', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('in_transit', 'from_warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('in_transit', 'to_warehouse_id', 'dim_warehouse', 'warehouse_id', 'many to one'),
    ('in_transit', 'shipped_on', 'dim_date', 'date_on', 'many to one'),
    ('refused_demand', 'refused_on', 'dim_date', 'date_on', 'many to one'),
    ('refused_demand', 'sku_id', 'dim_sku', 'sku_id', 'many to one'),
    ('refused_demand', 'channel_id', 'dim_channel', 'channel_id', 'many to one'),
    ('fact_order_line', 'channel_id', 'dim_channel', 'channel_id', 'many to one'),
    ('fact_fulfillment', 'channel_id', 'dim_channel', 'channel_id', 'many to one'),
    ('fact_reservation', 'channel_id', 'dim_channel', 'channel_id', 'many to one'),
    ('fill_rate', 'channel_id', 'dim_channel', 'channel_id', 'many to one'),
    ('fulfillment_lead_time', 'channel_id', 'dim_channel', 'channel_id', 'many to one'),
    ('order_patterns', 'channel_id', 'dim_channel', 'channel_id', 'many to one'),
    ('channel_performance', 'channel_id', 'dim_channel', 'channel_id', 'many to one'),
    ('fact_order_line', 'region_id, customer_key', 'dim_customer', 'region_id, customer_key', 'many to one'),
    ('fact_fulfillment', 'reason_code', 'dim_reason', 'reason_code', 'many to one'),
    ('fact_stock_movement', 'reason_code', 'dim_reason', 'reason_code', 'many to one'),
    ('shrinkage', 'reason_code', 'dim_reason', 'reason_code', 'many to one'),
    ('fact_fulfillment', 'region_id, order_no', 'fact_order_line', 'region_id, order_no', 'many to many'),
    ('fact_reservation', 'region_id, order_no', 'fact_order_line', 'region_id, order_no', 'many to many')
  ) as r (from_view, from_columns, to_view, to_columns, cardinality);

comment on view bi.relationships is
  'One row per useful join. Column lists correspond: the first column of one equals the first of the other.';
comment on column bi.relationships.from_view is 'The view with many rows.';
comment on column bi.relationships.from_columns is 'Its columns, separated by commas.';
comment on column bi.relationships.to_view is 'The view to join.';
comment on column bi.relationships.to_columns is 'Its columns, separated by commas.';
comment on column bi.relationships.cardinality is
  'many to one; or many to many, where amounts must be summed before they are joined.';
grant select on bi.relationships to bi_reader;
