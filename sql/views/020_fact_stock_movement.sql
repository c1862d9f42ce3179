create or replace view bi.fact_stock_movement with (security_invoker = true, security_barrier = true) as
select m.region_id, m.movement_id, m.recorded_at, timezone(z.time_zone, m.recorded_at)::date as recorded_on, m.occurred_at,
       m.warehouse_id, m.sku_id, m.lot_id as batch_id, m.kind::text as kind, m.reason_code, m.on_hand_delta, m.reserved_delta, m.committed_delta,
       m.unavailable_delta, m.safety_stock_delta, m.incoming_delta, m.on_hand_after, m.available_after,
       timezone(z.time_zone, m.occurred_at)::date as occurred_on, m.shortfall_delta
  from stock.stock_movements m
  join catalog.zones() z on z.warehouse_id = m.warehouse_id;

comment on view bi.fact_stock_movement is
  'One row per movement of the ledger: signed changes of a level. The movements of a level add up to the level. Live; filter by '
  'a range of recorded_at.';
comment on column bi.fact_stock_movement.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.fact_stock_movement.movement_id is 'The number of the movement.';
comment on column bi.fact_stock_movement.recorded_at is 'When it was recorded.';
comment on column bi.fact_stock_movement.recorded_on is 'The day of recorded_at in the time zone of the warehouse; joins dim_date.';
comment on column bi.fact_stock_movement.occurred_at is 
  'When it happened, if the caller said so (goods that came before they were recorded); otherwise recorded_at. The stock at a moment is '
  'the sum up to this time.';
comment on column bi.fact_stock_movement.warehouse_id is 'The warehouse; joins dim_warehouse.';
comment on column bi.fact_stock_movement.sku_id is 'The SKU; joins dim_sku.';
comment on column bi.fact_stock_movement.batch_id is
  'The lot of the units, as in fact_fulfillment; null where no lot is concerned.';
comment on column bi.fact_stock_movement.kind is
  'receipt, adjustment, count, transfer_out, transfer_in, expect, reserve, release, commit, uncommit, fulfill, unfulfill, return, withhold, restock, '
  'scrap or send_back.';
comment on column bi.fact_stock_movement.reason_code is 'The reason of a change by hand; joins dim_reason.';
comment on column bi.fact_stock_movement.on_hand_delta is 'Change of the units on hand.';
comment on column bi.fact_stock_movement.reserved_delta is 'Change of the units in reservations.';
comment on column bi.fact_stock_movement.committed_delta is 'Change of the units on open orders.';
comment on column bi.fact_stock_movement.unavailable_delta is 'Change of the units on hand that cannot be sold.';
comment on column bi.fact_stock_movement.safety_stock_delta is 'Change of the safety stock.';
comment on column bi.fact_stock_movement.incoming_delta is 'Change of the announced units.';
comment on column bi.fact_stock_movement.on_hand_after is 'Units on hand after the movement.';
comment on column bi.fact_stock_movement.available_after is 'Units available after the movement.';
comment on column bi.fact_stock_movement.occurred_on is 'The day of occurred_at in the time zone of the warehouse; joins dim_date.';
comment on column bi.fact_stock_movement.shortfall_delta is 'Change of the promised units whose lots cannot be sold any more.';
grant select on bi.fact_stock_movement to bi_reader;
