-- Sums by day for the views of schema bi. jobs.roll_up_stock and jobs.roll_up_sales keep them up to date. A day of stock is one of
-- the time zone of its warehouse, a day of orders one of the time zone of the region. The sums know by which zone they were made:
-- after the zone has changed, the jobs sum everything again.

create table analytics.rollups (
  region_id smallint not null,
  rollup text collate "C" not null,
  as_of_at timestamptz,
  last_seq bigint,
  time_zone text,
  constraint rollups_pkey primary key (region_id, rollup),
  constraint rollups_rollup_is_known_check check (rollup in ('stock', 'sales'))
);
comment on table analytics.rollups is 'How recent the sums are. Only the session that holds the lock of a row adds to them.';
comment on column analytics.rollups.as_of_at is 'The sums include everything committed by then; null until they have caught up once.';
comment on column analytics.rollups.last_seq is 'sales: the seq of the event log up to which changed orders have been found.';
comment on column analytics.rollups.time_zone is 'sales: the time zone of the days.';

create table analytics.stock_marks (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  movement_id bigint not null,
  version bigint not null,
  first_on date,
  last_on date,
  time_zone text not null,
  constraint stock_marks_pkey primary key (region_id, warehouse_id, sku_id),
  constraint stock_marks_days_go_forward_check check (first_on <= last_on)
);
comment on column analytics.stock_marks.time_zone is 'The time zone of the days of this level.';
comment on table analytics.stock_marks is
  'The movement up to which a level has been summed. A session that posts movements of a level holds its lock, so their ids are in '
  'commit order, and none can appear below the mark later.';
comment on column analytics.stock_marks.version is
  'The version of the level that the sums include. If stock_levels has a higher one, movements are missing.';

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
  'A level at the end of a day, and the units that went in and out on it: one row per day since the first movement.';
comment on column analytics.stock_days.net is 'The change of on_hand on that day.';
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
comment on table analytics.adjustment_days is 'Units that adjustments and counts added and removed on a day, by reason.';
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
comment on table analytics.lot_receipts is
  'When units of a lot came into a warehouse (not: when that was recorded): received, returned, moved, found.';
create index lot_receipts_warehouse_id_idx on analytics.lot_receipts (warehouse_id);

create table analytics.due_days (
  region_id smallint not null,
  placed_on date not null,
  constraint due_days_pkey primary key (region_id, placed_on)
);
comment on table analytics.due_days is 'Days on which a changed order was placed: their sums are recomputed.';

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
  revenue numeric not null,
  constraint order_hours_pkey primary key (region_id, hour_at, channel_id, currency, warehouse_ids)
);
comment on table analytics.order_hours is
  'Orders by the hour (of the clocks of the region) in which they were placed, and by the warehouses that serve them. units and '
  'revenue leave out what is canceled.';
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
  revenue numeric(20, 6) not null,
  constraint sales_days_pkey primary key (region_id, placed_on, channel_id, warehouse_id, sku_id, currency)
);
comment on table analytics.sales_days is
  'Units promised to the orders placed on a day, and how many of them were shipped or withdrawn so far. revenue: units that were '
  'not withdrawn, at the prices of the orders.';
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
  'Parcels of the orders placed on a day, by the whole hours until they left; seconds is the sum.';
create index lead_hours_warehouse_id_idx on analytics.lead_hours (warehouse_id, placed_on);
create index lead_hours_channel_id_idx on analytics.lead_hours (channel_id, placed_on);

create table analytics.refusal_days (
  region_id smallint not null,
  refused_on date not null,
  channel_id text collate "C" not null,
  sku_id text collate "C" not null,
  refusals bigint not null,
  units bigint not null,
  constraint refusal_days_pkey primary key (region_id, refused_on, channel_id, sku_id)
) with (fillfactor = 80);
comment on table analytics.refusal_days is
  'Orders and reservations that were refused for lack of stock, by day of the region. A refusal is no row of any other table, and most '
  'never reach the database, so the API processes count them (jobs.record_refusals). No job can sum them again.';
create index refusal_days_channel_id_idx on analytics.refusal_days (channel_id, refused_on);

-- Passed between functions; never stored.
create type analytics.movement as (
  warehouse_id text,
  sku_id text,
  level_version bigint,
  time_zone text,
  today date,
  movement_id bigint,
  occurred_at timestamptz,
  day_on date,
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
  'A movement for the sums, with the present version and time zone of its level. day_on: the day on which it happened there. '
  'movement_id null: the level has no movement to sum. '
  'Made by analytics.new_movement.';
