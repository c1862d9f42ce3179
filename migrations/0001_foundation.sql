-- Everything that holds data. Made from sql/schema by `make migration-0001` until the first release;
-- never edited after it.
set local lock_timeout = '5s';

-- Schemas: one a concern. Only api and jobs hold functions that someone outside may call.
create schema app;
comment on schema app is 'Session claims, the clock, partitions: what every other schema uses.';
create schema catalog;
comment on schema catalog is 'What is sold, where it is kept, through which channels: reference tables, the same in every region.';
create schema stock;
comment on schema stock is 'Quantities: levels, lots, the ledger and reservations.';
create schema orders;
comment on schema orders is 'Orders with their lines, allocations and fulfilments.';
create schema events;
comment on schema events is 'Facts for the outside world: outbox and event log.';
create schema audit;
comment on schema audit is 'Who changed what, when and why.';
create schema identity;
comment on schema identity is 'API clients and idempotency keys.';
create schema api;
comment on schema api is 'Entry points of the HTTP API.';
create schema jobs;
comment on schema jobs is 'Entry points of the worker.';

-- A new function can be called by nobody until its file grants it.
alter default privileges revoke execute on functions from public;

-- Catalogue: small tables that every region shares. Codes are keys: they stand in claims, documents and URLs, so no look-up
-- is needed to compare them. Nothing here is deleted; what is no longer used becomes inactive.

create table catalog.regions (
  region_id smallint not null,
  name text not null,
  time_zone text not null default 'UTC',
  constraint regions_pkey primary key (region_id),
  constraint regions_region_id_is_positive_check check (region_id > 0)
);
comment on table catalog.regions is 'A group of warehouses that serve orders together. Its time zone says when a day of expiry ends.';

create table catalog.skus (
  sku_id text collate "C" not null,
  name text not null,
  description text not null default '',
  size_ml integer,
  flavor_profile text[] not null default '{}',
  price numeric(9, 2),
  currency text not null default 'USD',
  reorder_point integer not null default 0,
  attributes jsonb not null default '{}',
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint skus_pkey primary key (sku_id),
  constraint skus_sku_id_is_a_code_check check (sku_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint skus_name_is_not_empty_check check (name <> ''),
  constraint skus_size_ml_is_positive_check check (size_ml > 0),
  constraint skus_price_is_not_negative_check check (price >= 0),
  constraint skus_currency_is_a_code_check check (currency ~ '^[A-Z]{3}$'),
  constraint skus_reorder_point_is_not_negative_check check (reorder_point >= 0),
  constraint skus_attributes_is_an_object_check check (jsonb_typeof(attributes) = 'object')
);
comment on table catalog.skus is 'A thing that is sold. price null: no list price, sold only where the channel sets the price.';

create table catalog.warehouses (
  warehouse_id text collate "C" not null,
  region_id smallint not null,
  name text not null,
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint warehouses_pkey primary key (warehouse_id),
  constraint warehouses_region_id_warehouse_id_key unique (region_id, warehouse_id),
  constraint warehouses_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint warehouses_warehouse_id_is_a_code_check check (warehouse_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$')
);
comment on table catalog.warehouses is 'A place that keeps stock. It belongs to one region for good.';

create table catalog.channels (
  channel_id text collate "C" not null,
  region_id smallint not null,
  name text not null,
  kind text not null default 'web',
  pricing text not null default 'list',
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint channels_pkey primary key (channel_id),
  constraint channels_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint channels_channel_id_is_a_code_check check (channel_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint channels_kind_is_known_check check (kind in ('web', 'pos', 'marketplace', 'wholesale')),
  constraint channels_pricing_is_known_check check (pricing in ('list', 'channel'))
);
comment on table catalog.channels is 'Where orders come from. pricing list: sells at the list price; channel: tills and marketplaces that set their own.';
create index channels_region_id_idx on catalog.channels (region_id);

create table catalog.channel_warehouses (
  channel_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  priority smallint not null,
  constraint channel_warehouses_pkey primary key (channel_id, warehouse_id),
  constraint channel_warehouses_channel_id_fkey foreign key (channel_id)
    references catalog.channels (channel_id) on delete restrict,
  constraint channel_warehouses_warehouse_id_fkey foreign key (warehouse_id)
    references catalog.warehouses (warehouse_id) on delete restrict,
  constraint channel_warehouses_priority_is_positive_check check (priority > 0)
);
comment on table catalog.channel_warehouses is 'The warehouses that serve a channel; the lowest priority is asked first.';
create index channel_warehouses_warehouse_id_idx on catalog.channel_warehouses (warehouse_id);

create table catalog.reason_codes (
  reason_code text collate "C" not null,
  description text not null,
  direction text not null,
  note_required boolean not null default false,
  active boolean not null default true,
  version integer not null default 1,
  constraint reason_codes_pkey primary key (reason_code),
  constraint reason_codes_reason_code_is_a_code_check check (reason_code ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint reason_codes_direction_is_known_check check (direction in ('in', 'out', 'both'))
);
comment on table catalog.reason_codes is 'Why stock was changed by hand. direction: whether it may add units, take them away, or both.';

insert into catalog.regions (region_id, name) values (1, 'Main');
insert into catalog.reason_codes (reason_code, description, direction, note_required) values
  ('correction', 'Correction of an earlier entry', 'both', false),
  ('cycle_count', 'Counted by hand', 'both', false),
  ('received', 'Received from production or a supplier', 'in', false),
  ('restock', 'Put back on the shelf', 'in', false),
  ('damaged', 'Damaged', 'out', false),
  ('expired', 'Past its expiry date', 'out', false),
  ('shrinkage', 'Missing without a known cause', 'out', false),
  ('found', 'Found', 'in', false),
  ('promotion', 'Given away', 'out', false),
  ('quality_control', 'Taken for, or released by, quality control', 'both', false),
  ('scrapped', 'Scrapped', 'out', false),
  ('recalled', 'Recalled', 'out', false),
  ('return', 'Returned by a customer', 'in', false),
  ('data_entry_error', 'Typed in wrongly', 'both', false),
  ('other', 'Anything else; the note says what', 'both', true);

-- Stock. region_id leads every key: with it the same tables and functions run on a distributed Postgres, a region a node.
-- Quantities are changed by stock.post_movements and by nothing else.

create table stock.stock_levels (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  on_hand integer not null default 0,
  reserved integer not null default 0,
  committed integer not null default 0,
  unavailable integer not null default 0,
  safety_stock integer not null default 0,
  incoming integer not null default 0,
  shortfall integer not null default 0,
  available integer generated always as (on_hand - reserved - committed - unavailable - safety_stock) stored,
  next_expiry_on date,
  version bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint stock_levels_pkey primary key (region_id, warehouse_id, sku_id),
  constraint stock_levels_region_id_warehouse_id_fkey foreign key (region_id, warehouse_id)
    references catalog.warehouses (region_id, warehouse_id) on delete restrict,
  constraint stock_levels_sku_id_fkey foreign key (sku_id) references catalog.skus (sku_id) on delete restrict,
  constraint stock_levels_on_hand_is_within_range_check check (on_hand between 0 and 2000000000),
  constraint stock_levels_reserved_is_not_negative_check check (reserved >= 0),
  constraint stock_levels_committed_is_not_negative_check check (committed >= 0),
  constraint stock_levels_unavailable_is_not_negative_check check (unavailable >= 0),
  constraint stock_levels_safety_stock_is_not_negative_check check (safety_stock >= 0),
  constraint stock_levels_incoming_is_not_negative_check check (incoming >= 0),
  constraint stock_levels_promises_are_within_on_hand_check
    check (reserved + committed + unavailable + safety_stock <= on_hand),
  constraint stock_levels_shortfall_is_within_promises_check check (shortfall between 0 and reserved + committed + safety_stock)
) with (fillfactor = 70);
comment on table stock.stock_levels is
  'What a warehouse has of a SKU: on_hand = available + reserved + committed + unavailable + safety_stock. No index on a '
  'counter, and room on the page, so that an update stays on it.';
comment on column stock.stock_levels.shortfall is
  'Promised units that lie in batches which meanwhile cannot be sold. They turn unavailable as soon as a promise is withdrawn.';
comment on column stock.stock_levels.next_expiry_on is
  'No sellable batch here expires earlier than this; the cheap test whether batches have to be looked at.';
create index stock_levels_sku_id_idx on stock.stock_levels (region_id, sku_id);

create sequence stock.lots_lot_id_seq;
create table stock.lots (
  region_id smallint not null,
  lot_id bigint not null default nextval('stock.lots_lot_id_seq'),
  sku_id text collate "C" not null,
  batch_number text not null,
  expiration_date date,
  manufactured_on date,
  status text not null default 'available',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint lots_pkey primary key (region_id, lot_id),
  constraint lots_region_id_sku_id_batch_number_key unique (region_id, sku_id, batch_number),
  constraint lots_sku_id_fkey foreign key (sku_id) references catalog.skus (sku_id) on delete restrict,
  constraint lots_batch_number_is_not_empty_check check (batch_number <> ''),
  constraint lots_status_is_known_check
    check (status in ('available', 'on_hold', 'quarantined', 'recalled', 'damaged', 'destroyed')),
  constraint lots_manufactured_before_expiry_check check (manufactured_on <= expiration_date)
);
alter sequence stock.lots_lot_id_seq owned by stock.lots.lot_id;
comment on table stock.lots is 'A batch of a SKU. "expired" is not a status: stock.lot_status derives it from the date.';
create index lots_sku_id_idx on stock.lots (sku_id);

create table stock.lot_levels (
  region_id smallint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  lot_id bigint not null,
  on_hand integer not null default 0,
  sellable boolean not null,
  constraint lot_levels_pkey primary key (region_id, warehouse_id, sku_id, lot_id),
  constraint lot_levels_region_id_warehouse_id_sku_id_fkey foreign key (region_id, warehouse_id, sku_id)
    references stock.stock_levels (region_id, warehouse_id, sku_id) on delete restrict,
  constraint lot_levels_region_id_lot_id_fkey foreign key (region_id, lot_id)
    references stock.lots (region_id, lot_id) on delete restrict,
  constraint lot_levels_on_hand_is_not_negative_check check (on_hand >= 0)
) with (fillfactor = 80);
comment on table stock.lot_levels is 'How many units of a batch lie in a warehouse.';
comment on column stock.lot_levels.sellable is
  'False once the units of this batch have been counted as unavailable (or shortfall) in stock_levels.';
create index lot_levels_lot_id_idx on stock.lot_levels (region_id, lot_id);

create sequence stock.stock_movements_movement_id_seq;
create table stock.stock_movements (
  region_id smallint not null,
  movement_id bigint not null default nextval('stock.stock_movements_movement_id_seq'),
  recorded_at timestamptz not null,
  occurred_at timestamptz not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  kind text not null,
  lot_id bigint,
  on_hand_delta integer not null,
  reserved_delta integer not null,
  committed_delta integer not null,
  unavailable_delta integer not null,
  safety_stock_delta integer not null,
  incoming_delta integer not null,
  shortfall_delta integer not null,
  on_hand_after integer not null,
  available_after integer not null,
  version bigint not null,
  reason_code text collate "C",
  note text,
  document text,
  actor text not null,
  request_id text,
  constraint stock_movements_pkey primary key (region_id, recorded_at, movement_id),
  constraint stock_movements_kind_is_known_check
    check (kind in ('receipt', 'adjustment', 'count', 'transfer_out', 'transfer_in', 'reserve', 'release', 'commit',
                    'uncommit', 'fulfill', 'return'))
) partition by range (recorded_at);
alter sequence stock.stock_movements_movement_id_seq owned by stock.stock_movements.movement_id;
comment on table stock.stock_movements is
  'The ledger. The sum of the deltas of a SKU in a warehouse equals its level, always. Nothing here is ever rewritten.';
create index stock_movements_sku_id_idx on stock.stock_movements (region_id, sku_id, movement_id);
create table stock.stock_movements_default partition of stock.stock_movements default;
comment on table stock.stock_movements_default is 'Catches rows of a month that has no partition yet, so that no sale fails for it.';

create sequence stock.reservations_reservation_id_seq start 1001;
create table stock.reservations (
  region_id smallint not null,
  reservation_id bigint not null default nextval('stock.reservations_reservation_id_seq'),
  channel_id text collate "C" not null,
  owner text not null,
  status text not null default 'active',
  expires_at timestamptz not null,
  order_id bigint,
  note text,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint reservations_pkey primary key (region_id, reservation_id),
  constraint reservations_channel_id_fkey foreign key (channel_id)
    references catalog.channels (channel_id) on delete restrict,
  constraint reservations_status_is_known_check check (status in ('active', 'committed', 'released', 'expired'))
);
alter sequence stock.reservations_reservation_id_seq owned by stock.reservations.reservation_id;
comment on table stock.reservations is 'Units held for a caller until expires_at. An expired hold never blocks an order, swept or not.';
create index reservations_channel_id_idx on stock.reservations (channel_id, region_id);
create index reservations_active_expires_at_idx on stock.reservations (region_id, expires_at) where status = 'active';

create table stock.reservation_lines (
  region_id smallint not null,
  reservation_id bigint not null,
  sku_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  channel_id text collate "C" not null,
  quantity integer not null,
  constraint reservation_lines_pkey primary key (region_id, reservation_id, sku_id, warehouse_id),
  constraint reservation_lines_region_id_reservation_id_fkey foreign key (region_id, reservation_id)
    references stock.reservations (region_id, reservation_id) on delete restrict,
  constraint reservation_lines_quantity_is_positive_check check (quantity > 0)
);
comment on table stock.reservation_lines is 'What a reservation holds in which warehouse.';

-- The currency between functions; never stored.
create type stock.movement as (
  warehouse_id text,
  sku_id text,
  kind text,
  lot_id bigint,
  on_hand integer,
  reserved integer,
  committed integer,
  unavailable integer,
  incoming integer,
  shortfall integer,
  reason_code text,
  note text,
  document text,
  actor text,
  request_id text,
  occurred_at timestamptz,
  safety_stock integer
);
comment on type stock.movement is 'One change of quantities, as stock.post_movements takes it: signed deltas, null for none.';
create type stock.demand as (
  ordinal integer,
  sku_id text,
  channel_id text,
  quantity integer
);
comment on type stock.demand is 'What one order (ordinal) wants of one SKU through a channel, as stock.allocate takes it.';
create type stock.draft as (
  ordinal integer,
  code text,
  body jsonb,
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
  element jsonb
);
comment on type stock.draft is
  'A receipt, adjustment (delta) or count (counted) on its way: read, and refused (code, body) or not.';

-- Orders. The scope columns (channel_id, warehouse_ids) stand on every row that a policy guards: a policy compares columns
-- with claims and looks nothing up. Rows that are reached only through their order carry them without an index.

create sequence orders.orders_order_id_seq start 1001;
create table orders.orders (
  region_id smallint not null,
  order_id bigint not null default nextval('orders.orders_order_id_seq'),
  channel_id text collate "C" not null,
  external_id text,
  status text not null,
  fulfillment_status text not null default 'unfulfilled',
  customer_name text,
  customer_key text generated always as (lower(customer_name)) stored,
  customer_address text,
  currency text not null,
  total_price numeric(16, 2) not null,
  note text,
  warehouse_ids text[] not null,
  placed_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null default 1,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint orders_pkey primary key (region_id, order_id),
  constraint orders_region_id_external_id_channel_id_key unique (region_id, external_id, channel_id),
  constraint orders_channel_id_fkey foreign key (channel_id) references catalog.channels (channel_id) on delete restrict,
  constraint orders_status_is_known_check check (status in ('pending', 'processing', 'on_hold', 'completed', 'canceled')),
  constraint orders_fulfillment_status_is_known_check
    check (fulfillment_status in ('unfulfilled', 'partially_fulfilled', 'fulfilled')),
  constraint orders_total_price_is_not_negative_check check (total_price >= 0)
) with (fillfactor = 80);
alter sequence orders.orders_order_id_seq owned by orders.orders.order_id;
comment on table orders.orders is 'An order. Its public id is ORD-<region>-<order_id>. placed_at is the moment at the source.';
create index orders_placed_at_idx on orders.orders (region_id, placed_at, order_id);
create index orders_channel_id_idx on orders.orders (channel_id, region_id, placed_at, order_id);
create index orders_customer_key_idx on orders.orders (region_id, customer_key);

create table orders.order_contacts (
  region_id smallint not null,
  order_id bigint not null,
  channel_id text collate "C" not null,
  email text not null,
  email_key text generated always as (lower(email)) stored,
  constraint order_contacts_pkey primary key (region_id, order_id),
  constraint order_contacts_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict
);
comment on table orders.order_contacts is 'The customer''s e-mail, apart from the order: warehouse staff read the order without it.';
create index order_contacts_email_key_idx on orders.order_contacts (region_id, email_key);

create table orders.order_lines (
  region_id smallint not null,
  order_id bigint not null,
  line_no smallint not null,
  channel_id text collate "C" not null,
  warehouse_ids text[] not null,
  sku_id text collate "C" not null,
  quantity integer not null,
  price numeric(9, 2) not null,
  constraint order_lines_pkey primary key (region_id, order_id, line_no),
  constraint order_lines_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict,
  constraint order_lines_quantity_is_positive_check check (quantity > 0),
  constraint order_lines_price_is_not_negative_check check (price >= 0)
);
comment on table orders.order_lines is
  'What was ordered, as the customer wrote it. sku_id has no foreign key: a SKU is never deleted, and the check would lock the row of the hot one.';

create table orders.order_allocations (
  region_id smallint not null,
  order_id bigint not null,
  sku_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  channel_id text collate "C" not null,
  quantity integer not null,
  fulfilled_quantity integer not null default 0,
  released_quantity integer not null default 0,
  constraint order_allocations_pkey primary key (region_id, order_id, sku_id, warehouse_id),
  constraint order_allocations_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict,
  constraint order_allocations_quantity_is_positive_check check (quantity > 0),
  constraint order_allocations_parts_are_within_quantity_check
    check (fulfilled_quantity >= 0 and released_quantity >= 0 and fulfilled_quantity + released_quantity <= quantity)
) with (fillfactor = 80);
comment on table orders.order_allocations is
  'Which warehouse serves how much of an order''s SKU. What is neither fulfilled nor released is committed in stock_levels.';
create index order_allocations_warehouse_id_idx on orders.order_allocations (region_id, warehouse_id, order_id);
create index order_allocations_sku_id_idx on orders.order_allocations (region_id, sku_id, order_id);

create sequence orders.fulfillments_fulfillment_id_seq start 1001;
create table orders.fulfillments (
  region_id smallint not null,
  fulfillment_id bigint not null default nextval('orders.fulfillments_fulfillment_id_seq'),
  order_id bigint not null,
  warehouse_id text collate "C" not null,
  channel_id text collate "C" not null,
  tracking_number text,
  note text,
  created_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint fulfillments_pkey primary key (region_id, fulfillment_id),
  constraint fulfillments_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict
);
alter sequence orders.fulfillments_fulfillment_id_seq owned by orders.fulfillments.fulfillment_id;
comment on table orders.fulfillments is 'A parcel: what left one warehouse for an order at once.';
create index fulfillments_order_id_idx on orders.fulfillments (region_id, order_id);

create table orders.fulfillment_lines (
  region_id smallint not null,
  fulfillment_id bigint not null,
  sku_id text collate "C" not null,
  lot_id bigint not null,
  warehouse_id text collate "C" not null,
  channel_id text collate "C" not null,
  batch_number text not null,
  quantity integer not null,
  constraint fulfillment_lines_pkey primary key (region_id, fulfillment_id, sku_id, lot_id),
  constraint fulfillment_lines_region_id_fulfillment_id_fkey foreign key (region_id, fulfillment_id)
    references orders.fulfillments (region_id, fulfillment_id) on delete restrict,
  constraint fulfillment_lines_region_id_lot_id_fkey foreign key (region_id, lot_id)
    references stock.lots (region_id, lot_id) on delete restrict,
  constraint fulfillment_lines_quantity_is_positive_check check (quantity > 0)
);
comment on table orders.fulfillment_lines is
  'The batches that a parcel was filled from; the number stands here too, for those who read parcels but no batches.';
create index fulfillment_lines_lot_id_idx on orders.fulfillment_lines (region_id, lot_id);

-- The currency between functions; never stored.
create type orders.draft as (
  ordinal integer,
  code text,
  body jsonb,
  channel_id text,
  external_id text,
  customer_name text,
  customer_email text,
  customer_address text,
  note text,
  placed_at timestamptz,
  currency text,
  total_price numeric,
  lines jsonb,
  actor text,
  request_id text,
  order_id bigint,
  warehouse_ids text[]
);
comment on type orders.draft is 'An order on its way: read, priced, and refused (code, body) or not.';

-- Facts for the outside world. A business transaction writes the outbox and never NOTIFYs (that takes a cluster-wide lock
-- through the commit); a sequencer moves committed rows into the log, where they get their gapless seq.

create sequence events.outbox_outbox_id_seq;
create table events.outbox (
  region_id smallint not null,
  outbox_id bigint not null default nextval('events.outbox_outbox_id_seq'),
  type text not null,
  subject text not null,
  sku_id text collate "C",
  warehouse_ids text[] not null default '{}',
  channel_id text collate "C",
  version bigint not null,
  data jsonb not null,
  actor text not null,
  request_id text,
  occurred_at timestamptz not null,
  constraint outbox_pkey primary key (region_id, outbox_id)
);
alter sequence events.outbox_outbox_id_seq owned by events.outbox.outbox_id;
comment on table events.outbox is 'Events that are committed and not yet sequenced. version is that of the subject after the change.';

create table events.event_log (
  region_id smallint not null,
  seq bigint not null,
  recorded_at timestamptz not null,
  type text not null,
  subject text not null,
  sku_id text collate "C",
  warehouse_ids text[] not null,
  channel_id text collate "C",
  version bigint not null,
  data jsonb not null,
  actor text not null,
  request_id text,
  occurred_at timestamptz not null,
  constraint event_log_pkey primary key (region_id, recorded_at, seq)
) partition by range (recorded_at);
comment on table events.event_log is 'Every event, in order, for ever (or as long as partitions are kept).';
create index event_log_seq_idx on events.event_log (seq);
create table events.event_log_default partition of events.event_log default;
comment on table events.event_log_default is 'Catches events of a month that has no partition yet.';

create sequence audit.audit_log_audit_id_seq;
create table audit.audit_log (
  region_id smallint not null,
  audit_id bigint not null default nextval('audit.audit_log_audit_id_seq'),
  recorded_at timestamptz not null,
  actor text not null,
  role text not null,
  action text not null,
  table_name text not null,
  row_key text not null,
  old jsonb,
  new jsonb,
  reason text,
  request_id text,
  constraint audit_log_pkey primary key (region_id, recorded_at, audit_id),
  constraint audit_log_action_is_known_check check (action in ('insert', 'update', 'delete'))
) partition by range (recorded_at);
alter sequence audit.audit_log_audit_id_seq owned by audit.audit_log.audit_id;
comment on table audit.audit_log is
  'Who changed what, when and why. old and new hold, for an update, only what differs. Rows of the catalogue have region 0.';
create index audit_log_row_key_idx on audit.audit_log (region_id, table_name, row_key, audit_id);
create index audit_log_audit_id_idx on audit.audit_log (region_id, audit_id);
create table audit.audit_log_default partition of audit.audit_log default;
comment on table audit.audit_log_default is 'Catches rows of a month that has no partition yet.';

create table identity.clients (
  client_id text collate "C" not null,
  name text not null,
  role text not null,
  region_id smallint not null,
  warehouses text[] not null default '{}',
  channels text[] not null default '{}',
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint clients_pkey primary key (client_id),
  constraint clients_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint clients_role_is_known_check check (role in ('admin', 'warehouse', 'sales', 'integration'))
);
comment on table identity.clients is 'A program or person that may ask for tokens, with the role and scope that the tokens carry.';
create index clients_region_id_idx on identity.clients (region_id);

create table identity.client_secrets (
  client_id text collate "C" not null,
  secret_no smallint not null,
  secret_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  constraint client_secrets_pkey primary key (client_id, secret_no),
  constraint client_secrets_client_id_fkey foreign key (client_id)
    references identity.clients (client_id) on delete restrict,
  constraint client_secrets_two_at_a_time_check check (secret_no in (1, 2))
);
comment on table identity.client_secrets is 'Hashes of at most two live secrets, so that one can be rotated without a pause.';

create table identity.idempotency_keys (
  region_id smallint not null,
  principal text not null,
  route text not null,
  idempotency_key text not null,
  fingerprint bytea not null,
  answer json not null,
  created_at timestamptz not null,
  constraint idempotency_keys_pkey primary key (region_id, principal, route, idempotency_key)
);
comment on table identity.idempotency_keys is
  'The answer to every request that had an effect, kept for a day: a repeat gets it again and does nothing. Refusals are not '
  'kept: they had no effect, so a repeat is simply decided again.';
create index idempotency_keys_created_at_idx on identity.idempotency_keys (region_id, created_at);

create type api.result as (
  ordinal integer,
  code text,
  replayed boolean,
  body json
);
comment on type api.result is
  'The answer to one element of a command: code null and the document, or an error code and the body of the refusal. replayed: '
  'an idempotency key was seen before and this is the answer of then.';
