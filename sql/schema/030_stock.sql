-- Stock. region_id leads every key: a region can move to a server of its own.
-- Only stock.post_movements and, for new orders, stock.commit_units change quantities.

-- Rules of one column that every order writes are domains: PostgreSQL reads the rule of a domain once per session, and a CHECK of a
-- table again in every statement that writes to it.
create domain stock.units as integer constraint units_are_within_range_check check (value between 0 and 2000000000);
comment on domain stock.units is 'Units of a part of a level.';
create domain stock.quantity as integer constraint quantity_is_positive_check check (value > 0);
comment on domain stock.quantity is 'Units that are ordered, reserved, allocated or shipped.';
create domain stock.movement_kind as text constraint movement_kind_is_known_check
  check (value in ('receipt', 'adjustment', 'count', 'transfer_out', 'transfer_in', 'reserve', 'release', 'commit',
                   'uncommit', 'fulfill', 'unfulfill', 'return', 'withhold', 'restock', 'scrap', 'send_back', 'expect'));
comment on domain stock.movement_kind is 'What a movement did.';

create table stock.stock_levels (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  on_hand stock.units not null default 0,
  reserved stock.units not null default 0,
  committed stock.units not null default 0,
  unavailable stock.units not null default 0,
  safety_stock stock.units not null default 0,
  incoming stock.units not null default 0,
  shortfall stock.units not null default 0,
  available stock.units generated always as (on_hand - reserved - committed - unavailable - safety_stock) stored,
  reorder_point stock.units,
  next_expiry_at timestamptz,
  version bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint stock_levels_pkey primary key (region_id, warehouse_id, sku_id),
  constraint stock_levels_region_id_warehouse_id_fkey foreign key (region_id, warehouse_id)
    references catalog.warehouses (region_id, warehouse_id) on delete restrict,
  constraint stock_levels_sku_id_fkey foreign key (sku_id) references catalog.skus (sku_id) on delete restrict,
  constraint stock_levels_shortfall_is_within_promises_check check (shortfall <= reserved + committed + safety_stock)
) with (fillfactor = 70);
comment on table stock.stock_levels is
  'The quantities of a SKU in a warehouse: on_hand = available + reserved + committed + unavailable + safety_stock. Counters have '
  'no index, and pages have free space, so that updates are HOT.';
comment on column stock.stock_levels.available is
  'What can still be promised. Its domain refuses promises beyond on_hand: the last guard against an oversold unit.';
comment on column stock.stock_levels.shortfall is
  'Promised units (or safety stock) of lots that can no longer be sold. They become unavailable as soon as a promise is withdrawn.';
comment on column stock.stock_levels.reorder_point is
  'The available units at or below which this warehouse is low of the SKU; null: only the SKU as a whole has a reorder point.';
comment on column stock.stock_levels.next_expiry_at is
  'No sellable lot here expires before this moment: the end of its last day in the time zone of the warehouse. A cheap test whether '
  'lots must be read, which needs no time zone.';
create index stock_levels_sku_id_idx on stock.stock_levels (region_id, sku_id);

create sequence stock.lots_lot_id_seq;
create table stock.lots (
  region_id smallint not null,
  lot_id bigint not null default nextval('stock.lots_lot_id_seq'),
  sku_id text collate "C" not null,
  batch_number text not null,
  batch_key text collate "C" not null,
  expiration_date date,
  manufactured_on date,
  status text not null default 'available',
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint lots_pkey primary key (region_id, lot_id),
  constraint lots_region_id_sku_id_batch_key_key unique (region_id, sku_id, batch_key),
  constraint lots_sku_id_fkey foreign key (sku_id) references catalog.skus (sku_id) on delete restrict,
  constraint lots_batch_number_is_not_empty_check check (batch_number <> ''),
  constraint lots_batch_number_is_composed_check check (batch_number is nfc normalized),
  constraint lots_status_is_known_check
    check (status in ('available', 'on_hold', 'quarantined', 'recalled', 'damaged', 'destroyed')),
  constraint lots_manufactured_before_expiry_check check (manufactured_on <= expiration_date)
);
alter sequence stock.lots_lot_id_seq owned by stock.lots.lot_id;
comment on table stock.lots is 'A lot of a SKU. "expired" is not a status: stock.lot_status derives it from the date.';
comment on column stock.lots.batch_number is 'As the first receipt printed it.';
comment on column stock.lots.batch_key is 'app.code_key of the number: two numbers that differ by case or spaces are one lot.';
create index lots_sku_id_idx on stock.lots (sku_id);
create index lots_expiration_date_idx on stock.lots (region_id, expiration_date);

create table stock.lot_levels (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  lot_id bigint not null,
  on_hand stock.units not null default 0,
  withheld stock.units not null default 0,
  unwithheld stock.units generated always as (on_hand - withheld) stored,
  sellable boolean not null,
  expiry_announced_on date,
  constraint lot_levels_pkey primary key (region_id, warehouse_id, sku_id, lot_id),
  constraint lot_levels_region_id_warehouse_id_sku_id_fkey foreign key (region_id, warehouse_id, sku_id)
    references stock.stock_levels (region_id, warehouse_id, sku_id) on delete restrict,
  constraint lot_levels_region_id_lot_id_fkey foreign key (region_id, lot_id)
    references stock.lots (region_id, lot_id) on delete restrict
) with (fillfactor = 80);
comment on table stock.lot_levels is 'Units of a lot in a warehouse.';
comment on column stock.lot_levels.withheld is
  'Units that are set aside, whatever the lot is (stock.withholdings). They are unavailable, and no promise counts on them.';
comment on column stock.lot_levels.unwithheld is 'The other ones. Its domain refuses to withhold more units than are there.';
comment on column stock.lot_levels.sellable is
  'False once the units of this lot have been counted as unavailable (or shortfall) in stock_levels. Meaningless while on_hand is 0.';
comment on column stock.lot_levels.expiry_announced_on is 'The expiration_date that was announced; null before an announcement.';
create index lot_levels_lot_id_idx on stock.lot_levels (region_id, lot_id);

create table stock.count_requests (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  requested_at timestamptz not null,
  units integer not null,
  document text not null,
  constraint count_requests_pkey primary key (region_id, warehouse_id, sku_id),
  constraint count_requests_region_id_warehouse_id_sku_id_fkey foreign key (region_id, warehouse_id, sku_id)
    references stock.stock_levels (region_id, warehouse_id, sku_id) on delete restrict,
  constraint count_requests_units_is_positive_check check (units > 0)
);
comment on table stock.count_requests is
  'Levels that staff should count: a till sold more than the count said. The next count of the level removes the request.';
comment on column stock.count_requests.units is 'Units that were booked as found since the first request.';
comment on column stock.count_requests.document is 'The latest order for which units were found.';

create sequence stock.withholdings_withholding_id_seq start 1001;
create table stock.withholdings (
  region_id smallint not null,
  withholding_id bigint not null default nextval('stock.withholdings_withholding_id_seq'),
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  lot_id bigint not null,
  cause text not null,
  document text,
  note text,
  quantity stock.quantity not null,
  restocked integer not null default 0,
  scrapped integer not null default 0,
  sent_back integer not null default 0,
  transferred integer not null default 0,
  open_quantity stock.units generated always as (quantity - restocked - scrapped - sent_back - transferred) stored,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint withholdings_pkey primary key (region_id, withholding_id),
  constraint withholdings_region_id_warehouse_id_sku_id_lot_id_fkey foreign key (region_id, warehouse_id, sku_id, lot_id)
    references stock.lot_levels (region_id, warehouse_id, sku_id, lot_id) on delete restrict,
  constraint withholdings_cause_is_known_check
    check (cause in ('damaged', 'returned', 'inspection', 'count', 'recall_return', 'transfer', 'other')),
  constraint withholdings_disposed_units_are_not_negative_check
    check (restocked >= 0 and scrapped >= 0 and sent_back >= 0 and transferred >= 0)
);
alter sequence stock.withholdings_withholding_id_seq owned by stock.withholdings.withholding_id;
comment on table stock.withholdings is
  'Units of a lot that were set aside at one time, and what became of them. Its public id is WD-<region>-<withholding_id>. Only '
  'stock.post_movements opens and reduces it, under the lock of the level, so lot_levels.withheld is always the sum of the open units.';
comment on column stock.withholdings.document is 'The return, purchase, transfer or count that they came with, or what the caller named.';
create index withholdings_lot_id_idx on stock.withholdings (region_id, warehouse_id, sku_id, lot_id);

create sequence stock.stock_movements_movement_id_seq;
create table stock.stock_movements (
  region_id smallint not null,
  movement_id bigint not null default nextval('stock.stock_movements_movement_id_seq'),
  recorded_at timestamptz not null,
  occurred_at timestamptz not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  kind stock.movement_kind not null,
  lot_id bigint,
  on_hand_delta integer not null,
  reserved_delta integer not null,
  committed_delta integer not null,
  unavailable_delta integer not null,
  safety_stock_delta integer not null,
  incoming_delta integer not null,
  shortfall_delta integer not null,
  withheld_delta integer,
  withholding_id bigint,
  on_hand_after integer not null,
  available_after integer not null,
  version bigint not null,
  reason_code text collate "C",
  note text,
  document text,
  actor text not null,
  request_id text,
  constraint stock_movements_pkey primary key (region_id, recorded_at, movement_id)
) partition by range (recorded_at);
alter sequence stock.stock_movements_movement_id_seq owned by stock.stock_movements.movement_id;
comment on table stock.stock_movements is
  'The ledger. The sum of the deltas of a SKU in a warehouse always equals its level. Quantities are never changed.';
comment on column stock.stock_movements.withheld_delta is
  'Of the lot: units that are set aside. They are part of unavailable_delta while the lot can be sold. Null: none.';
comment on column stock.stock_movements.withholding_id is 'What opened or reduced it: each of these is one movement.';
create index stock_movements_sku_id_idx on stock.stock_movements (region_id, sku_id, movement_id);
-- Only of late entries, so that an order does not write to it.
create index stock_movements_late_idx on stock.stock_movements (region_id, occurred_at) where occurred_at <> recorded_at;
-- Not of orders: their units are in no lot yet.
create index stock_movements_lot_id_idx on stock.stock_movements (region_id, lot_id, movement_id) where lot_id is not null;
create index stock_movements_withholding_id_idx on stock.stock_movements (region_id, withholding_id) where withholding_id is not null;
create table stock.stock_movements_default partition of stock.stock_movements default;
comment on table stock.stock_movements_default is 'Catches rows of a month that has no partition yet, so that no sale fails.';

create sequence stock.reservations_reservation_id_seq start 1001;
create table stock.reservations (
  region_id smallint not null,
  reservation_id bigint not null default nextval('stock.reservations_reservation_id_seq'),
  channel_id text collate "C" not null,
  owner text not null,
  status text not null default 'active',
  expires_at timestamptz not null,
  order_id bigint,
  items jsonb,
  note text,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint reservations_pkey primary key (region_id, reservation_id),
  constraint reservations_status_is_known_check check (status in ('active', 'committed', 'released', 'expired'))
);
alter sequence stock.reservations_reservation_id_seq owned by stock.reservations.reservation_id;
comment on table stock.reservations is
  'Units reserved for a caller until expires_at. An expired reservation never blocks an order, even before the worker releases it. '
  'channel_id has no foreign key, as in orders.orders.';
comment on column stock.reservations.items is
  'What was asked for, as [{"sku_id", "quantity"}], if a bundle is among it: the lines have its components. Null: the lines say it.';
create index reservations_channel_id_idx on stock.reservations (channel_id, region_id, reservation_id);
create index reservations_active_owner_idx on stock.reservations (region_id, owner) where status = 'active';
create index reservations_active_expires_at_idx on stock.reservations (region_id, expires_at) where status = 'active';

-- Of converted ones: erasing a customer finds the reservations of the orders.
create index reservations_order_id_idx on stock.reservations (region_id, order_id) where order_id is not null;

create table stock.reservation_lines (
  region_id smallint not null,
  reservation_id bigint not null,
  sku_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  channel_id text collate "C" not null,
  quantity stock.quantity not null,
  constraint reservation_lines_pkey primary key (region_id, reservation_id, sku_id, warehouse_id),
  constraint reservation_lines_region_id_reservation_id_fkey foreign key (region_id, reservation_id)
    references stock.reservations (region_id, reservation_id) on delete restrict
);
comment on table stock.reservation_lines is 'The units of a reservation by SKU and warehouse: written once, never changed.';
create index reservation_lines_sku_id_idx on stock.reservation_lines (region_id, sku_id, reservation_id);

-- Passed between functions; never stored. Only its constructor (stock.new_...) makes each type, so a migration can add an
-- attribute while the previous code still runs; that code leaves it null.
create type stock.counters as (
  on_hand bigint,
  reserved bigint,
  committed bigint,
  unavailable bigint,
  safety_stock bigint,
  incoming bigint,
  shortfall bigint
);
comment on type stock.counters is
  'The parts of a level, of a sum of levels or (signed) of a change of a level. stock.available_of computes available from them.';
create type stock.movement as (
  warehouse_id text,
  sku_id text,
  kind text,
  delta stock.counters,
  lot_id bigint,
  reason_code text,
  note text,
  document text,
  actor text,
  request_id text,
  occurred_at timestamptz,
  withheld bigint,
  withholding_id bigint,
  cause text
);
comment on type stock.movement is
  'One change of quantities, as stock.post_movements takes it. withheld: units of the lot that are set aside (for a cause: that opens a '
  'withholding), or, negative, are set aside no more (withholding_id names the withholding).';
create type stock.demand as (
  ordinal integer,
  sku_id text,
  channel_id text,
  quantity integer,
  reservation_id bigint,
  freshness jsonb
);
comment on type stock.demand is
  'The units of one SKU that one order or reservation (ordinal) needs through a channel: input of stock.allocate. reservation_id: '
  'the reservation that the order converts. freshness: {fresh_until, rule} if a rule promises some time of sale (orders.promised_freshness).';
create type stock.allocation as (
  ordinal integer,
  sku_id text,
  warehouse_id text,
  quantity integer,
  available integer,
  waits boolean,
  freshness jsonb
);
comment on type stock.allocation is
  'A decision of stock.allocate: a demand gets quantity units from a warehouse, where available are left; or, with warehouse_id null, it '
  'needs quantity and only available exist, or quantity of it waits (waits true). freshness: that of the demand; of a shortage also stale, the '
  'units that are there and expire too early.';
create type stock.candidate as (
  warehouse_id text,
  sku_id text,
  available integer,
  in_debt boolean,
  next_expiry_at timestamptz
);
comment on type stock.candidate is
  'A locked level that may serve a demand. in_debt: units freed there settle a shortfall before they become available. Made by '
  'stock.new_candidate.';
create type stock.source as (
  levels integer[],
  held integer[],
  serves boolean[]
);
comment on type stock.source is
  'The locked levels that may serve a demand, in the order in which they are tried. held: units of its reservation there. serves: '
  'whether the level may give more than is held. Made by stock.new_source.';
create type stock.slot as (
  lot_id bigint,
  batch_number text,
  on_hand bigint,
  sellable boolean,
  status text,
  is_past boolean,
  withheld bigint
);
comment on type stock.slot is 'A lot at a level, while adjustments and counts of that level are decided; only units that are not withheld leave. '
  'status: as stock.lot_status; is_past: its expiry date has passed, whatever the status.';
create type stock.reservation_draft as (
  ordinal integer,
  channel_id text,
  expires_at timestamptz,
  note text,
  lines jsonb,
  actor text,
  request_id text,
  reservation_id bigint,
  items jsonb
);
comment on type stock.reservation_draft is 'A reservation before it is written; it gets its id together with its units.';
create type stock.draft as (
  ordinal integer,
  sku_id text,
  warehouse_id text,
  delta bigint,
  counted bigint,
  batch_number text,
  lot_id bigint,
  reason_code text,
  note text,
  document text,
  change_from bigint,
  if_match text,
  actor text,
  request_id text,
  element jsonb,
  takes text,
  batches jsonb,
  cause text,
  withholding_id bigint
);
comment on type stock.draft is
  'A receipt (counted), adjustment (delta), count (counted) or change of a lot before it is written. takes: of its reason; batches: '
  'the lots that an adjustment or count changed, as its answer names them. cause: the units stay, but are withheld.';
