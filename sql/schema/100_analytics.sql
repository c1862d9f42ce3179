-- Sums by day for the views of schema bi. Kept by jobs.roll_up_stock and jobs.roll_up_sales, which add what is new; days are
-- those of UTC, whatever the server's time zone.

create table analytics.rollups (
  region_id smallint not null,
  rollup text collate "C" not null,
  as_of_at timestamptz,
  last_seq bigint,
  constraint rollups_pkey primary key (region_id, rollup),
  constraint rollups_rollup_is_known_check check (rollup in ('stock', 'sales'))
);
comment on table analytics.rollups is 'How far the sums have come. Whoever holds the lock of a row adds to them.';
comment on column analytics.rollups.as_of_at is 'What had been committed by then is in; null until it was caught up with once.';
comment on column analytics.rollups.last_seq is 'sales: up to which seq of the event log changed orders have been looked for.';

create table analytics.stock_marks (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  movement_id bigint not null,
  version bigint not null,
  first_on date,
  last_on date,
  constraint stock_marks_pkey primary key (region_id, warehouse_id, sku_id),
  constraint stock_marks_days_go_forward_check check (first_on <= last_on)
);
comment on table analytics.stock_marks is
  'Up to which movement a level has been summed. Whoever posts movements of a level holds its lock, so their ids come in the order '
  'of the commits, and none can turn up later below the mark.';
comment on column analytics.stock_marks.version is
  'The version of the level that is summed up to; below that of stock_levels there is more to do.';

create table analytics.stock_days (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  day_on date not null,
  on_hand bigint not null default 0,
  reserved bigint not null default 0,
  committed bigint not null default 0,
  unavailable bigint not null default 0,
  safety_stock bigint not null default 0,
  incoming bigint not null default 0,
  available bigint generated always as (on_hand - reserved - committed - unavailable - safety_stock) stored,
  net bigint not null default 0,
  received bigint not null default 0,
  shipped bigint not null default 0,
  adjusted_in bigint not null default 0,
  adjusted_out bigint not null default 0,
  constraint stock_days_pkey primary key (region_id, warehouse_id, sku_id, day_on)
) with (fillfactor = 80);
comment on table analytics.stock_days is
  'What a level was at the end of a day, and what went in and out on it: a row for every day since the first movement.';
comment on column analytics.stock_days.net is 'By how much on_hand changed on that day.';
create index stock_days_warehouse_id_idx on analytics.stock_days (warehouse_id, day_on);
create index stock_days_day_on_idx on analytics.stock_days (region_id, day_on);

create table analytics.adjustment_days (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  day_on date not null,
  reason_code text collate "C" not null,
  units_in bigint not null default 0,
  units_out bigint not null default 0,
  constraint adjustment_days_pkey primary key (region_id, warehouse_id, sku_id, day_on, reason_code)
);
comment on table analytics.adjustment_days is 'Units that adjustments and counts added and took away on a day, by reason.';
create index adjustment_days_warehouse_id_idx on analytics.adjustment_days (warehouse_id, day_on);

create table analytics.lot_receipts (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  lot_id bigint not null,
  first_received_at timestamptz not null,
  last_received_at timestamptz not null,
  received bigint not null,
  constraint lot_receipts_pkey primary key (region_id, warehouse_id, sku_id, lot_id)
);
comment on table analytics.lot_receipts is 'When units of a lot came into a warehouse: received, returned, moved, found.';
create index lot_receipts_warehouse_id_idx on analytics.lot_receipts (warehouse_id);

create table analytics.due_days (
  region_id smallint not null,
  placed_on date not null,
  constraint due_days_pkey primary key (region_id, placed_on)
);
comment on table analytics.due_days is 'Days of which an order has changed: their sums are made anew.';

create table analytics.order_hours (
  region_id smallint not null,
  hour_at timestamptz not null,
  channel_id text collate "C" not null,
  currency text not null,
  warehouse_ids text[] not null,
  orders bigint not null,
  canceled_orders bigint not null,
  shipped_orders bigint not null,
  units bigint not null,
  revenue numeric(18, 2) not null,
  constraint order_hours_pkey primary key (region_id, hour_at, channel_id, currency, warehouse_ids)
);
comment on table analytics.order_hours is
  'Orders by the hour that they were placed in, and by the warehouses that serve them. units and revenue: of those not '
  'canceled.';
create index order_hours_channel_id_idx on analytics.order_hours (channel_id, hour_at);

create table analytics.sales_days (
  region_id smallint not null,
  placed_on date not null,
  channel_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  currency text not null,
  ordered bigint not null,
  shipped bigint not null,
  withdrawn bigint not null,
  revenue numeric(18, 4) not null,
  constraint sales_days_pkey primary key (region_id, placed_on, channel_id, warehouse_id, sku_id, currency)
);
comment on table analytics.sales_days is
  'Units promised to the orders placed on a day, and what became of them so far. revenue: of units that were not '
  'withdrawn, at the prices of the orders.';
create index sales_days_warehouse_id_idx on analytics.sales_days (warehouse_id, placed_on);
create index sales_days_channel_id_idx on analytics.sales_days (channel_id, placed_on);

create table analytics.lead_hours (
  region_id smallint not null,
  placed_on date not null,
  channel_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  hours integer not null,
  parcels bigint not null,
  seconds bigint not null,
  constraint lead_hours_pkey primary key (region_id, placed_on, channel_id, warehouse_id, hours)
);
comment on table analytics.lead_hours is
  'Parcels of the orders placed on a day, by the whole hours that passed until they left; seconds is the sum.';
create index lead_hours_warehouse_id_idx on analytics.lead_hours (warehouse_id, placed_on);
create index lead_hours_channel_id_idx on analytics.lead_hours (channel_id, placed_on);

-- The currency between functions; never stored.
create type analytics.movement as (
  warehouse_id text,
  sku_id text,
  level_version bigint,
  movement_id bigint,
  recorded_at timestamptz,
  kind text,
  lot_id bigint,
  on_hand bigint,
  reserved bigint,
  committed bigint,
  unavailable bigint,
  safety_stock bigint,
  incoming bigint,
  reason_code text
);
comment on type analytics.movement is
  'A movement on its way into the sums, with the version that its level has now. movement_id null: the level has none to sum. '
  'Made by analytics.new_movement.';
