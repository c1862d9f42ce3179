-- Everything that holds data. Made from sql/schema by `make migration-0001` until the first release;
-- never edited after it.
set local lock_timeout = '5s';

-- Schemas, one per concern. Outside callers may execute only functions of api and jobs.
create schema app;
comment on schema app is 'Session claims, the clock, cursors, refusals: helpers that every other schema uses.';
create schema catalog;
comment on schema catalog is 'SKUs, warehouses, channels, reason codes: reference tables, the same in every region.';
create schema stock;
comment on schema stock is 'Quantities: levels, lots, the ledger and reservations.';
create schema orders;
comment on schema orders is 'Orders with their lines, allocations and fulfillments.';
create schema supply;
comment on schema supply is 'How units come to a warehouse: purchases from suppliers, transfers from other warehouses.';
create schema events;
comment on schema events is 'Events for the outside world: outbox and event log.';
create schema audit;
comment on schema audit is 'Who changed what, when and why.';
create schema identity;
comment on schema identity is 'API clients and idempotency keys.';
create schema webhooks;
comment on schema webhooks is 'Webhook endpoints, the events that each one receives, and the outcome of each delivery.';
create schema analytics;
comment on schema analytics is 'Sums by day, kept up to date by the worker, for queries that would take too long on the rows themselves.';
create schema bi;
comment on schema bi is 'Read-only views for analysts and their tools, who have access to nothing else.';
create schema api;
comment on schema api is 'Entry points of the HTTP API.';
create schema jobs;
comment on schema jobs is 'Entry points of the worker.';

-- A new function can be called by nobody until its file grants it.
alter default privileges revoke execute on functions from public;

-- Catalog: small tables that every region shares. Codes are keys, used as they are in claims, documents and URLs, so comparing
-- them needs no lookup. Rows are never deleted; retired ones are inactive.

create table catalog.regions (
  region_id smallint not null,
  name text not null,
  time_zone text not null default 'UTC',
  expiry_notice_days integer not null default 30,
  backdating_days_max integer not null default 1096,
  version integer not null default 1,
  constraint regions_pkey primary key (region_id),
  constraint regions_region_id_is_positive_check check (region_id > 0),
  constraint regions_name_is_not_empty_check check (name <> ''),
  constraint regions_expiry_notice_is_within_ten_years_check check (expiry_notice_days between 0 and 3650),
  constraint regions_backdating_is_within_ten_years_check check (backdating_days_max between 0 and 3650),
  -- An expression that PostgreSQL cannot compute for a zone that it does not know. It reads EST5 or Foo3 as offsets, so the name must
  -- be UTC or one of the form Area/City.
  constraint regions_time_zone_is_known_check
    check (time_zone ~ '^(UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+)+)$'
           and isfinite(timezone(time_zone, timestamptz '2026-01-01 00:00Z')))
);
comment on table catalog.regions is 'A group of warehouses that serve orders together.';
comment on column catalog.regions.time_zone is
  'Says when the day of an order begins, and every day of those of its warehouses that have no zone of their own.';
comment on column catalog.regions.backdating_days_max is
  'How far in the past a caller other than an admin may place an order or receive goods. The months before are closed.';
comment on column catalog.regions.expiry_notice_days is 'A lot is announced as expiring this many days before its last day of sale.';

create table catalog.currencies (
  currency text not null,
  decimals smallint not null,
  constraint currencies_pkey primary key (currency),
  constraint currencies_currency_is_a_code_check check (currency ~ '^[A-Z]{3}$'),
  constraint currencies_currency_decimals_key unique (currency, decimals),
  constraint currencies_decimals_is_between_0_and_4_check check (decimals between 0 and 4)
);
comment on table catalog.currencies is
  'The currencies of ISO 4217, list one, with the decimals of their prices (its minor unit). Codes without a minor unit (metals, units of '
  'account, tests) are left out: no shop takes them. ANG and BGN were withdrawn in 2025 and 2026; orders of the past still have them.';

create table catalog.skus (
  sku_id text collate "C" not null,
  name text not null,
  description text not null default '',
  size_ml integer,
  flavor_profile text[] not null default '{}',
  price numeric,
  reference_price numeric,
  currency text not null default 'USD',
  decimals smallint not null default 2,
  reorder_point integer not null default 0,
  attributes jsonb not null default '{}',
  components jsonb not null default '[]',
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint skus_pkey primary key (sku_id),
  constraint skus_sku_id_is_a_code_check check (sku_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint skus_name_is_not_empty_check check (name <> ''),
  constraint skus_size_ml_is_positive_check check (size_ml > 0),
  constraint skus_currency_decimals_fkey foreign key (currency, decimals)
    references catalog.currencies (currency, decimals) on delete restrict,
  constraint skus_price_is_not_negative_check check (price >= 0),
  constraint skus_price_is_less_than_ten_billion_check check (price < 10000000000),
  constraint skus_prices_have_the_decimals_of_the_currency_check
    check (scale(price) = decimals and scale(reference_price) = decimals),
  constraint skus_reorder_point_is_not_negative_check check (reorder_point >= 0),
  constraint skus_attributes_is_an_object_check check (jsonb_typeof(attributes) = 'object'),
  constraint skus_components_is_an_array_check check (jsonb_typeof(components) = 'array'),
  constraint skus_attributes_are_at_most_65536_bytes_check check (octet_length(attributes::text) <= 65536)
);
comment on table catalog.skus is 'One product in one size. price null: no list price, so it is sold only where the channel sets the price.';
comment on column catalog.skus.decimals is
  'Those of the currency, here because every order needs them. The prices are stored with as many, so documents print them.';
comment on column catalog.skus.reference_price is
  'The price that an admin set last, or with which the SKU was created. Sales may change the price within a bound around it.';

comment on column catalog.skus.components is
  'Of a bundle: what it is made of, as [{"sku_id", "quantity"}]. A bundle has no stock, and its components are no bundles. Here and not in a '
  'table because every order reads the SKUs that it sells, and a change of the bundle is a version of the SKU.';
create index skus_components_idx on catalog.skus using gin (components jsonb_path_ops) where components <> '[]';

-- Two codes that differ only by case are taken for one.
create unique index skus_sku_id_lower_key on catalog.skus (lower(sku_id collate "C"));

create table catalog.warehouses (
  warehouse_id text collate "C" not null,
  region_id smallint not null,
  name text not null,
  time_zone text,
  scan_required boolean not null default false,
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint warehouses_pkey primary key (warehouse_id),
  constraint warehouses_region_id_warehouse_id_key unique (region_id, warehouse_id),
  constraint warehouses_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint warehouses_warehouse_id_is_a_code_check check (warehouse_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint warehouses_time_zone_is_known_check
    check (time_zone ~ '^(UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+)+)$'
           and isfinite(timezone(time_zone, timestamptz '2026-01-01 00:00Z')))
);
comment on table catalog.warehouses is 'A place that keeps stock. It never changes its region.';
comment on column catalog.warehouses.scan_required is 'A parcel that leaves it names the lot of every item, as it was scanned.';
comment on column catalog.warehouses.time_zone is
  'Says when a day of its stock begins, and until when a lot is sold there. Null: that of the region. catalog.zones() has both.';

create unique index warehouses_warehouse_id_lower_key on catalog.warehouses (lower(warehouse_id collate "C"));

create table catalog.channels (
  channel_id text collate "C" not null,
  region_id smallint not null,
  name text not null,
  kind text not null default 'web',
  pricing text not null default 'list',
  hold_share_max smallint not null default 100,
  unpaid_minutes integer not null default 60,
  freshness_rules jsonb not null default '[]',
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint channels_pkey primary key (channel_id),
  constraint channels_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint channels_channel_id_is_a_code_check check (channel_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint channels_kind_is_known_check check (kind in ('web', 'pos', 'marketplace', 'wholesale')),
  constraint channels_pricing_is_known_check check (pricing in ('list', 'channel')),
  constraint channels_hold_share_max_is_a_percentage_check check (hold_share_max between 1 and 100),
  constraint channels_unpaid_minutes_are_within_a_month_check check (unpaid_minutes between 1 and 43200),
  constraint channels_freshness_rules_is_a_list_check check (jsonb_typeof(freshness_rules) = 'array')
);
comment on table catalog.channels is 'Where orders come from. pricing list: sells at the list price; channel: tills and marketplaces that set their own.';
comment on column catalog.channels.unpaid_minutes is 'How long the units of an unpaid order (status pending) are promised.';
comment on column catalog.channels.freshness_rules is
  'How long units that are sold through the channel must at least still be for sale when they arrive: [{customer_group, category, sku_id, min_days, '
  'min_percent, transit_days}]. Here and not in a table of its own, because every order reads this row and most channels have none. '
  'catalog.freshness_rule() says which one applies.';
comment on column catalog.channels.hold_share_max is
  'The percentage of a SKU''s units that one client may reserve through this channel; 100: no limit.';
create unique index channels_channel_id_lower_key on catalog.channels (lower(channel_id collate "C"));
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
comment on table catalog.channel_warehouses is 'The warehouses that serve a channel; the one with the lowest priority number comes first.';
create index channel_warehouses_warehouse_id_idx on catalog.channel_warehouses (warehouse_id);

create table catalog.sale_rules (
  channel_id text collate "C" not null,
  rule_no smallint not null,
  sku_id text collate "C",
  mode text not null,
  units_max integer,
  priority smallint not null default 0,
  ships_on date,
  constraint sale_rules_pkey primary key (channel_id, rule_no),
  constraint sale_rules_channel_id_sku_id_key unique nulls not distinct (channel_id, sku_id),
  constraint sale_rules_channel_id_fkey foreign key (channel_id) references catalog.channels (channel_id) on delete restrict,
  constraint sale_rules_sku_id_fkey foreign key (sku_id) references catalog.skus (sku_id) on delete restrict,
  constraint sale_rules_mode_is_known_check check (mode in ('refuse', 'backorder', 'preorder')),
  constraint sale_rules_units_max_is_positive_check check (units_max > 0),
  constraint sale_rules_refusals_have_no_more_check check (mode <> 'refuse' or units_max is null and priority = 0),
  constraint sale_rules_only_preorders_have_ships_on_check check ((mode = 'preorder') = (ships_on is not null))
);
comment on table catalog.sale_rules is
  'What happens to an order of a SKU through a channel that finds too few units: it is refused, or what is missing waits. sku_id null: '
  'every SKU of the channel without a rule of its own. Without a rule the order is refused.';
comment on column catalog.sale_rules.rule_no is 'The place of the rule in the list of its channel.';
comment on column catalog.sale_rules.units_max is 'How many units of each SKU may wait at a time through the channel; null: any number.';
comment on column catalog.sale_rules.priority is 'Units that arrive go to the highest priority first, and among equals to who waits longest.';
comment on column catalog.sale_rules.ships_on is
  'Of a preorder: units sold through the channel do not leave before this day, by the clock of their warehouse. It is not kept with the '
  'orders: whoever moves it moves it for all of them.';
create index sale_rules_sku_id_idx on catalog.sale_rules (sku_id);

create table catalog.reason_codes (
  reason_code text collate "C" not null,
  description text not null,
  direction text not null,
  takes text not null default 'any',
  note_required boolean not null default false,
  active boolean not null default true,
  version integer not null default 1,
  constraint reason_codes_pkey primary key (reason_code),
  constraint reason_codes_reason_code_is_a_code_check check (reason_code ~ '^[a-z][a-z0-9_]{0,39}$'),
  constraint reason_codes_direction_is_known_check check (direction in ('in', 'out', 'both', 'pick')),
  constraint reason_codes_takes_is_known_check check (takes in ('any', 'sellable', 'expired', 'recalled')),
  constraint reason_codes_takes_only_what_leaves_check check (direction not in ('in', 'pick') or takes = 'any')
);
comment on table catalog.reason_codes is
  'Why stock was changed by hand. direction: whether it may add units, take them away, or both. pick: it changes no stock, and says why a '
  'picker passed a lot over.';
comment on column catalog.reason_codes.takes is
  'The units that the reason takes away: of lots that can be sold, of lots past their expiry date, of recalled lots, or of any lot.';

insert into catalog.regions (region_id, name) values (1, 'Main');
insert into catalog.currencies (currency, decimals)
select c.currency, d.decimals
  from (values
    (0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'),
    (2, 'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD '
      'CDF CHE CHF CHW CNY COP COU CRC CUC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP '
      'GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL '
      'MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN '
      'QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD '
      'TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG'),
    (3, 'BHD IQD JOD KWD LYD OMR TND'),
    (4, 'CLF UYW')) d (decimals, codes)
 cross join string_to_table(d.codes, ' ') c (currency)
on conflict do nothing;
insert into catalog.reason_codes (reason_code, description, direction, note_required, takes) values
  ('correction', 'Correction of an earlier entry', 'both', false, 'any'),
  ('cycle_count', 'Counted by hand', 'both', false, 'any'),
  ('received', 'Received from production or a supplier', 'in', false, 'any'),
  ('restock', 'Put back on the shelf', 'in', false, 'any'),
  ('damaged', 'Damaged', 'out', false, 'any'),
  ('expired', 'Past its expiry date', 'out', false, 'expired'),
  ('shrinkage', 'Missing without a known cause', 'out', false, 'any'),
  ('found', 'Found', 'in', false, 'any'),
  ('promotion', 'Given away', 'out', false, 'sellable'),
  ('quality_control', 'Taken for, or released by, quality control', 'both', false, 'any'),
  ('scrapped', 'Scrapped', 'out', false, 'any'),
  ('sent_back', 'Sent back to the supplier', 'out', false, 'any'),
  ('recalled', 'Recalled', 'out', false, 'recalled'),
  ('return', 'Returned by a customer', 'in', false, 'any'),
  ('data_entry_error', 'Typed in wrongly', 'both', false, 'any'),
  ('could_not_locate', 'Not found on the shelf', 'pick', false, 'any'),
  ('earlier_expiration_date', 'Another lot expires earlier by its label', 'pick', false, 'any'),
  ('other', 'Anything else; the note says what', 'both', true, 'any');

-- Passed between functions; never stored.
create type catalog.write as (
  ordinal integer,
  id text,
  mode text,
  element jsonb,
  if_match text,
  if_none_match text,
  actor text,
  request_id text
);
comment on type catalog.write is
  'One write of the catalog. mode: save (create the row or change the given members), put (create or replace the row), patch '
  '(change the given members), retire. Made by catalog.new_write.';

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

-- Suppliers, purchases and deliveries. What is ordered counts as incoming of its level until it is said of each unit what became of it.

create table supply.suppliers (
  supplier_id text collate "C" not null,
  name text not null,
  lead_days integer,
  over_percent integer not null default 0,
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint suppliers_pkey primary key (supplier_id),
  constraint suppliers_lead_days_are_within_range_check check (lead_days between 0 and 1000),
  constraint suppliers_over_percent_is_within_range_check check (over_percent between 0 and 1000)
);
comment on table supply.suppliers is 'Who delivers. All regions share the suppliers, as they share the SKUs.';
comment on column supply.suppliers.lead_days is 'The usual days from the order to the delivery; null: unknown.';
comment on column supply.suppliers.over_percent is 'So many percent more than ordered are accepted, rounded down to whole units.';

create sequence supply.purchases_purchase_id_seq start 1001;
create table supply.purchases (
  region_id smallint not null,
  purchase_id bigint not null default nextval('supply.purchases_purchase_id_seq'),
  supplier_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  status text not null default 'draft',
  expected_on date,
  supplier_reference text,
  note text,
  ordered_at timestamptz,
  closed_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint purchases_pkey primary key (region_id, purchase_id),
  constraint purchases_supplier_id_fkey foreign key (supplier_id) references supply.suppliers (supplier_id) on delete restrict,
  constraint purchases_region_id_warehouse_id_fkey foreign key (region_id, warehouse_id)
    references catalog.warehouses (region_id, warehouse_id) on delete restrict,
  constraint purchases_status_is_known_check check (status in ('draft', 'ordered', 'partially_received', 'received', 'canceled')),
  constraint purchases_were_ordered_if_their_status_says_so_check
    check (case status when 'draft' then ordered_at is null when 'canceled' then true else ordered_at is not null end),
  constraint purchases_canceled_are_closed_check check (status <> 'canceled' or closed_at is not null)
);
alter sequence supply.purchases_purchase_id_seq owned by supply.purchases.purchase_id;
comment on table supply.purchases is 'Units ordered from a supplier for one warehouse. Its public id is PUR-<region>-<purchase_id>.';
comment on column supply.purchases.closed_at is 'When an admin said that nothing more comes: what was open is canceled, and no delivery is accepted.';
create index purchases_supplier_id_idx on supply.purchases (supplier_id, region_id, purchase_id);
create index purchases_warehouse_id_idx on supply.purchases (region_id, warehouse_id, purchase_id);

create table supply.purchase_lines (
  region_id smallint not null,
  purchase_id bigint not null,
  line_no integer not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  is_ordered boolean not null default false,
  expected_on date,
  quantity stock.units not null,
  over stock.units not null default 0,
  received stock.units not null default 0,
  damaged stock.units not null default 0,
  refused stock.units not null default 0,
  canceled stock.units not null default 0,
  open_quantity stock.units not null generated always as (quantity + over - received - damaged - refused - canceled) stored,
  constraint purchase_lines_pkey primary key (region_id, purchase_id, line_no),
  constraint purchase_lines_sku_id_key unique (region_id, purchase_id, sku_id),
  constraint purchase_lines_region_id_purchase_id_fkey foreign key (region_id, purchase_id)
    references supply.purchases (region_id, purchase_id) on delete restrict,
  constraint purchase_lines_sku_id_fkey foreign key (sku_id) references catalog.skus (sku_id) on delete restrict
);
comment on table supply.purchase_lines is
  'The units of a SKU of a purchase: quantity + over = received + damaged + refused + canceled + open_quantity. The warehouse is that of the '
  'purchase: policies compare it.';
comment on column supply.purchase_lines.is_ordered is 'The purchase was ordered: the open units are incoming.';
comment on column supply.purchase_lines.expected_on is 'Null: that of the purchase.';
comment on column supply.purchase_lines.over is 'Units that came in addition to those ordered.';
create index purchase_lines_open_idx on supply.purchase_lines (region_id, sku_id, purchase_id) where is_ordered and open_quantity > 0;

create sequence supply.receipts_receipt_id_seq start 1001;
create table supply.receipts (
  region_id smallint not null,
  receipt_id bigint not null default nextval('supply.receipts_receipt_id_seq'),
  purchase_id bigint not null,
  warehouse_id text collate "C" not null,
  delivery_note text,
  delivery_key text,
  received_at timestamptz not null,
  note text,
  created_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint receipts_pkey primary key (region_id, receipt_id),
  constraint receipts_delivery_key_key unique (region_id, purchase_id, delivery_key),
  constraint receipts_region_id_purchase_id_fkey foreign key (region_id, purchase_id)
    references supply.purchases (region_id, purchase_id) on delete restrict
);
alter sequence supply.receipts_receipt_id_seq owned by supply.receipts.receipt_id;
comment on table supply.receipts is 'A delivery of a purchase. Its public id is RCP-<region>-<receipt_id>; the ledger names it. Never changed.';
comment on column supply.receipts.delivery_key is 'The delivery note as numbers are compared (app.code_key): a purchase has each one once.';

create table supply.receipt_lines (
  region_id smallint not null,
  receipt_id bigint not null,
  line_no integer not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  lot_id bigint,
  quantity stock.quantity not null,
  condition text not null,
  reason_code text collate "C",
  constraint receipt_lines_pkey primary key (region_id, receipt_id, line_no),
  constraint receipt_lines_region_id_receipt_id_fkey foreign key (region_id, receipt_id)
    references supply.receipts (region_id, receipt_id) on delete restrict,
  constraint receipt_lines_region_id_lot_id_fkey foreign key (region_id, lot_id) references stock.lots (region_id, lot_id) on delete restrict,
  constraint receipt_lines_condition_is_known_check check (condition in ('good', 'damaged', 'refused')),
  constraint receipt_lines_on_hand_have_a_lot_check check (condition = 'refused' or lot_id is not null)
);
comment on table supply.receipt_lines is 'What a delivery brought: good, damaged (on hand, withheld) or refused (never on hand). Never changed.';
create index receipt_lines_lot_id_idx on supply.receipt_lines (region_id, lot_id);

-- Transfers: units on their way from one warehouse of a region to another one. They are on hand in neither: they left the source when
-- the transfer was shipped, and count as incoming at the destination until it is said of each what became of it.

create sequence supply.transfers_transfer_id_seq start 1001;
create table supply.transfers (
  region_id smallint not null,
  transfer_id bigint not null default nextval('supply.transfers_transfer_id_seq'),
  from_warehouse_id text collate "C" not null,
  to_warehouse_id text collate "C" not null,
  status text not null default 'draft',
  reference text,
  note text,
  expected_on date,
  shipped_at timestamptz,
  ended_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint transfers_pkey primary key (region_id, transfer_id),
  constraint transfers_region_id_from_warehouse_id_fkey foreign key (region_id, from_warehouse_id)
    references catalog.warehouses (region_id, warehouse_id) on delete restrict,
  constraint transfers_region_id_to_warehouse_id_fkey foreign key (region_id, to_warehouse_id)
    references catalog.warehouses (region_id, warehouse_id) on delete restrict,
  constraint transfers_have_two_ends_check check (from_warehouse_id <> to_warehouse_id),
  constraint transfers_status_is_known_check
    check (status in ('draft', 'ready', 'in_transit', 'partially_received', 'received', 'canceled')),
  constraint transfers_were_shipped_if_their_status_says_so_check
    check (case when status in ('draft', 'ready') then shipped_at is null
                when status = 'canceled' then true else shipped_at is not null end),
  constraint transfers_ended_if_their_status_says_so_check check ((status in ('received', 'canceled')) = (ended_at is not null))
);
alter sequence supply.transfers_transfer_id_seq owned by supply.transfers.transfer_id;
comment on table supply.transfers is
  'Units that go from one warehouse to another. Its public id is TRF-<region>-<transfer_id>. The staff of both ends see it: those of the '
  'source ship it, those of the destination receive it.';
comment on column supply.transfers.ended_at is 'When the last unit was received, lost or taken back, or a draft was canceled.';
create index transfers_from_warehouse_id_idx on supply.transfers (region_id, from_warehouse_id, transfer_id);
create index transfers_to_warehouse_id_idx on supply.transfers (region_id, to_warehouse_id, transfer_id);

create table supply.transfer_lines (
  region_id smallint not null,
  transfer_id bigint not null,
  line_no smallint not null,
  from_warehouse_id text collate "C" not null,
  to_warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  lot_id bigint,
  withheld boolean not null,
  quantity stock.quantity not null,
  constraint transfer_lines_pkey primary key (region_id, transfer_id, line_no),
  constraint transfer_lines_region_id_transfer_id_fkey foreign key (region_id, transfer_id)
    references supply.transfers (region_id, transfer_id) on delete restrict,
  constraint transfer_lines_sku_id_fkey foreign key (sku_id) references catalog.skus (sku_id) on delete restrict,
  constraint transfer_lines_region_id_lot_id_fkey foreign key (region_id, lot_id)
    references stock.lots (region_id, lot_id) on delete restrict
);
comment on table supply.transfer_lines is
  'What is to be sent. A draft replaces its lines; once it was shipped, transfer_lots says what left. The warehouses are those of the transfer: '
  'policies compare them.';
comment on column supply.transfer_lines.lot_id is 'Null: first expired, first out.';
comment on column supply.transfer_lines.withheld is 'Units that cannot be sold: withheld ones, or those of a lot that cannot be sold.';
create index transfer_lines_sku_id_idx on supply.transfer_lines (region_id, sku_id, transfer_id);

create table supply.transfer_lots (
  region_id smallint not null,
  transfer_id bigint not null,
  lot_id bigint not null,
  withheld boolean not null,
  from_warehouse_id text collate "C" not null,
  to_warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  shipped stock.quantity not null,
  received stock.units not null default 0,
  damaged stock.units not null default 0,
  lost stock.units not null default 0,
  taken_back stock.units not null default 0,
  in_transit integer not null generated always as (shipped - received - damaged - lost - taken_back) stored,
  constraint transfer_lots_pkey primary key (region_id, transfer_id, lot_id, withheld),
  constraint transfer_lots_region_id_transfer_id_fkey foreign key (region_id, transfer_id)
    references supply.transfers (region_id, transfer_id) on delete restrict,
  constraint transfer_lots_region_id_lot_id_fkey foreign key (region_id, lot_id)
    references stock.lots (region_id, lot_id) on delete restrict,
  constraint transfer_lots_in_transit_is_not_negative_check check (in_transit >= 0)
);
comment on table supply.transfer_lots is
  'Units of a lot that left with a transfer, and what became of them: shipped = received + damaged + lost + taken_back + in_transit.';
comment on column supply.transfer_lots.withheld is 'They were withheld at the source, and are withheld again where they arrive.';
create index transfer_lots_lot_id_idx on supply.transfer_lots (region_id, lot_id);
create index transfer_lots_in_transit_idx on supply.transfer_lots (region_id, sku_id) where in_transit > 0;

-- Passed between functions; never stored.
create type supply.part as (
  item integer,
  sku_id text,
  lot_id bigint,
  batch_number text,
  withheld boolean,
  withholding_id bigint,
  units bigint,
  outcome text
);
comment on type supply.part is
  'Units of one SKU or lot of a transfer. item: the number of the item of the request that names them. withholding_id: the one that they leave. '
  'outcome: shipped, received, damaged, lost or taken_back. Made by supply.new_part.';

-- Counts: what lies on the shelf, as people see it, and what becomes of the difference. Nothing is frozen while a count is open.

create sequence stock.counts_count_id_seq start 1001;
create table stock.counts (
  region_id smallint not null,
  count_id bigint not null default nextval('stock.counts_count_id_seq'),
  warehouse_id text collate "C" not null,
  scope text not null,
  status text not null default 'planned',
  blind boolean not null,
  tolerance_units integer not null,
  tolerance_percent integer not null,
  note text,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint counts_pkey primary key (region_id, count_id),
  constraint counts_region_id_warehouse_id_fkey foreign key (region_id, warehouse_id)
    references catalog.warehouses (region_id, warehouse_id) on delete restrict,
  constraint counts_scope_is_known_check check (scope in ('skus', 'all', 'never_counted', 'expiring', 'requested')),
  constraint counts_status_is_known_check check (status in ('planned', 'counting', 'review', 'approved', 'canceled')),
  constraint counts_tolerance_is_not_negative_check check (tolerance_units >= 0 and tolerance_percent between 0 and 100)
);
alter sequence stock.counts_count_id_seq owned by stock.counts.count_id;
comment on table stock.counts is
  'A count of a warehouse or of parts of it. Its public id is CNT-<region>-<count_id>. review: every line is counted; approved: the '
  'differences are posted.';
comment on column stock.counts.scope is 'What was to be counted. Entries add lines of whatever else is found.';
comment on column stock.counts.blind is 'Counters do not see what is expected before they have counted.';
comment on column stock.counts.tolerance_units is
  'A difference of at most so many units, or of tolerance_percent of what was expected, is small: its counter may approve it.';

create table stock.count_lines (
  region_id smallint not null,
  count_id bigint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  lot_id bigint not null,
  status text not null default 'open',
  round integer not null default 1,
  entry_id bigint,
  posted integer,
  constraint count_lines_pkey primary key (region_id, count_id, sku_id, lot_id),
  constraint count_lines_region_id_count_id_fkey foreign key (region_id, count_id)
    references stock.counts (region_id, count_id) on delete restrict,
  constraint count_lines_region_id_lot_id_fkey foreign key (region_id, lot_id)
    references stock.lots (region_id, lot_id) on delete restrict,
  constraint count_lines_status_is_known_check check (status in ('open', 'counted', 'recount', 'approved')),
  constraint count_lines_entry_fits_status_check check ((entry_id is not null) = (status in ('counted', 'approved'))),
  constraint count_lines_posted_fits_status_check check ((posted is not null) = (status = 'approved'))
);
comment on table stock.count_lines is 'A lot that a count asks for, or that was found in it.';
comment on column stock.count_lines.round is 'Each recount begins a round; only entries of the same round are compared.';
comment on column stock.count_lines.entry_id is 'The entry that stands.';
comment on column stock.count_lines.posted is 'Units that the approval added to the lot (negative: took away).';
create index count_lines_lot_id_idx on stock.count_lines (region_id, lot_id);

create sequence stock.count_entries_entry_id_seq;
create table stock.count_entries (
  region_id smallint not null,
  entry_id bigint not null default nextval('stock.count_entries_entry_id_seq'),
  count_id bigint not null,
  warehouse_id text collate "C" not null,
  sku_id text collate "C" not null,
  lot_id bigint not null,
  round integer not null,
  counter text not null,
  counted stock.units not null,
  mark_movement_id bigint not null,
  on_hand_at_mark stock.units not null,
  counted_at timestamptz not null,
  recorded_at timestamptz not null,
  note text,
  request_id text,
  constraint count_entries_pkey primary key (region_id, entry_id),
  constraint count_entries_region_id_count_id_sku_id_lot_id_fkey foreign key (region_id, count_id, sku_id, lot_id)
    references stock.count_lines (region_id, count_id, sku_id, lot_id) on delete restrict
);
alter sequence stock.count_entries_entry_id_seq owned by stock.count_entries.entry_id;
comment on table stock.count_entries is 'What somebody counted. Append-only: no entry replaces another.';
comment on column stock.count_entries.mark_movement_id is
  'The last movement of the level before the units were counted; 0: there was none. The ledger up to it is compared.';
comment on column stock.count_entries.on_hand_at_mark is 'Units of the lot that lay there according to the ledger, withheld ones included.';
create index count_entries_count_id_idx on stock.count_entries (region_id, count_id, sku_id, lot_id);

-- Orders. Every row that a policy guards has the scope columns (channel_id, warehouse_ids), because a policy compares columns
-- with claims and reads no other table. Rows that are read only through their order have these columns without an index.

create domain orders.order_status as text constraint order_status_is_known_check
  check (value in ('pending', 'processing', 'on_hold', 'completed', 'canceled'));
comment on domain orders.order_status is 'Where an order stands.';
create domain orders.fulfillment_status as text constraint fulfillment_status_is_known_check
  check (value in ('unfulfilled', 'partially_fulfilled', 'fulfilled'));
comment on domain orders.fulfillment_status is 'How much of an order was shipped.';
-- Sums of money have the decimals of their currency. Both are written with them, so a column has no number of its own.
create domain orders.price as numeric constraint price_is_within_bounds_check check (value >= 0 and value < 10000000000);
comment on domain orders.price is 'The price of a unit.';
create domain orders.amount as numeric constraint amount_is_within_bounds_check check (value >= 0 and value < 100000000000000);
comment on domain orders.amount is 'The price of an order, or of several units together.';

create sequence orders.orders_order_id_seq start 1001;
create table orders.orders (
  region_id smallint not null,
  order_id bigint not null default nextval('orders.orders_order_id_seq'),
  channel_id text collate "C" not null,
  external_id text,
  status orders.order_status not null,
  fulfillment_status orders.fulfillment_status not null default 'unfulfilled',
  customer_name text,
  customer_key text,
  customer_address text,
  customer_group text,
  customer_pseudonym uuid,
  customer_erased_at timestamptz,
  currency text not null,
  total_price orders.amount not null,
  note text,
  warehouse_ids text[] not null,
  placed_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  version integer not null default 1,
  changed_by text not null,
  change_reason text,
  request_id text,
  unpaid_until timestamptz,
  unpaid_left interval,
  status_changed_at timestamptz,
  status_changed_by text,
  status_reason text,
  constraint orders_pkey primary key (region_id, order_id),
  constraint orders_time_to_pay_fits_status_check  -- one: every order that is written pays for each
    check ((status = 'pending') = (unpaid_until is not null) and (unpaid_left is null or status = 'on_hold'))
) with (fillfactor = 80);
alter sequence orders.orders_order_id_seq owned by orders.orders.order_id;
comment on table orders.orders is
  'An order. Its public id is ORD-<region>-<order_id>. placed_at is the time at the source. channel_id has no foreign key: a channel '
  'is never deleted, and the check would lock the row of a busy channel.';
comment on column orders.orders.customer_pseudonym is
  'Shows analysts which orders have the same customer, without naming the customer: orders.pseudonym() of e-mail or name, with a key that they cannot read.';
comment on column orders.orders.customer_group is 'Who buys, in the words of the freshness_rules of channels: no personal data.';
comment on column orders.orders.customer_key is 'The name as searches compare it: app.fold() of customer_name.';
comment on column orders.orders.customer_erased_at is
  'When the customer was erased (api.erase_customers). The pseudonym is then random: the same for the orders that were erased together, and '
  'no later order has it.';
comment on column orders.orders.total_price is 'What the customer owes: the units that are not canceled, at the prices of their lines.';
comment on column orders.orders.updated_at is
  'When its latest change was written (orders.begin_change), not when the transaction began: changes are listed by it.';
comment on column orders.orders.unpaid_until is
  'Until when the units of an unpaid order (pending) are promised. From then on whoever needs them cancels the order first; the worker '
  'cancels it in any case.';
comment on column orders.orders.unpaid_left is
  'What was left of that time when the order was put on hold; it goes on when the order is released. Null: a held order that is paid.';
comment on column orders.orders.status_changed_at is
  'When the order was last confirmed, held, released or canceled, with the person and the reason; null if it never was.';
create unique index orders_region_id_external_id_channel_id_key on orders.orders (region_id, external_id, channel_id)
  where external_id is not null;
create index orders_placed_at_idx on orders.orders (region_id, placed_at, order_id);
create index orders_channel_id_idx on orders.orders (channel_id, region_id, placed_at, order_id);
create index orders_customer_key_idx on orders.orders (region_id, customer_key);
-- Tiny: only unpaid orders. Its condition names no column that other changes write.
create index orders_unpaid_until_idx on orders.orders (region_id, unpaid_until) where unpaid_until is not null;
create index orders_updated_at_idx on orders.orders (region_id, updated_at, order_id);

create table orders.order_contacts (
  region_id smallint not null,
  order_id bigint not null,
  channel_id text collate "C" not null,
  email text,
  email_key text,
  phone text,
  phone_key text,
  constraint order_contacts_pkey primary key (region_id, order_id),
  constraint order_contacts_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict
);
comment on table orders.order_contacts is
  'The customer''s e-mail and phone number, in a separate table because warehouse staff read the order without them.';
comment on column orders.order_contacts.email_key is 'The e-mail as searches compare it: app.fold() of email.';
comment on column orders.order_contacts.phone_key is 'The number as searches compare it: orders.phone_key() of phone.';
create index order_contacts_email_key_idx on orders.order_contacts (region_id, email_key);
create index order_contacts_phone_key_idx on orders.order_contacts (region_id, phone_key) where phone_key is not null;

create table orders.order_lines (
  region_id smallint not null,
  order_id bigint not null,
  line_no smallint not null,
  channel_id text collate "C" not null,
  warehouse_ids text[] not null,
  sku_id text collate "C" not null,
  quantity stock.quantity not null,
  price orders.price,
  amount orders.amount,
  amount_quantity integer,
  fulfilled_quantity integer not null default 0,
  canceled_quantity integer not null default 0,
  components jsonb,
  address text,
  constraint order_lines_pkey primary key (region_id, order_id, line_no),
  constraint order_lines_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict,
  -- One check, because PostgreSQL reads the text of each again in every statement that inserts lines.
  constraint order_lines_have_parts_within_quantity_and_one_price_check
    check (fulfilled_quantity >= 0 and canceled_quantity >= 0 and fulfilled_quantity + canceled_quantity <= quantity
           and (price is null) = (amount is not null) and (amount is null) = (amount_quantity is null)
           and coalesce(quantity <= amount_quantity, true))
);
comment on table orders.order_lines is
  'The lines of an order as the customer wrote them. sku_id has no foreign key: a SKU is never deleted, and the check would lock the row of a hot SKU.';
comment on column orders.order_lines.price is 'Of a unit. Null: the line has an exact amount.';
comment on column orders.order_lines.amount is
  'What amount_quantity units cost together ("3 for 10.00"), where the channel said the price of the whole line. orders.line_amount() '
  'gives the price of some of them.';
comment on column orders.order_lines.amount_quantity is
  'The units that the line had first. The line may have fewer now; because its amount is always counted from these, the way to a '
  'quantity makes no difference.';
comment on column orders.order_lines.fulfilled_quantity is
  'Units shipped. Several lines of one SKU are shipped in their order, and canceled from the last (orders.settle_lines).';
comment on column orders.order_lines.canceled_quantity is 'Units canceled: neither shipped nor paid. The rest of the line counts as sold.';
comment on column orders.order_lines.components is
  'Of a bundle: what it was made of when it was ordered, as [{"sku_id", "quantity", "fulfilled"}]: units per bundle, and units shipped. '
  'Allocations and backorders have the components. Null: no bundle.';
comment on column orders.order_lines.address is 'Where the units of the line go. Null: to the customer''s address (orders.customer_address).';
create index order_lines_bundles_idx on orders.order_lines (region_id, sku_id, order_id) where components is not null;

create table orders.order_allocations (
  region_id smallint not null,
  order_id bigint not null,
  sku_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  channel_id text collate "C" not null,
  quantity stock.quantity not null,
  fulfilled_quantity integer not null default 0,
  released_quantity integer not null default 0,
  constraint order_allocations_pkey primary key (region_id, order_id, sku_id, warehouse_id),
  constraint order_allocations_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict,
  constraint order_allocations_parts_are_within_quantity_check
    check (fulfilled_quantity >= 0 and released_quantity >= 0 and fulfilled_quantity + released_quantity <= quantity)
) with (fillfactor = 80);
comment on table orders.order_allocations is
  'The units of an order''s SKU that each warehouse serves. Units that are neither fulfilled nor released are committed in stock_levels.';
create index order_allocations_warehouse_id_idx on orders.order_allocations (region_id, warehouse_id, order_id);
create index order_allocations_sku_id_idx on orders.order_allocations (region_id, sku_id, order_id);

create table orders.backorders (
  region_id smallint not null,
  order_id bigint not null,
  sku_id text collate "C" not null,
  channel_id text collate "C" not null,
  warehouse_ids text[] not null,
  quantity stock.quantity not null,
  priority smallint not null,
  queued_at timestamptz not null,
  lost_at timestamptz,
  constraint backorders_pkey primary key (region_id, order_id, sku_id),
  constraint backorders_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict
);
comment on table orders.backorders is
  'The units of an order that wait for stock. Whatever becomes available goes to them first (stock.post_movements), so a level with '
  'available units has no waiting order of a channel that it serves. Changed only under the lock of such a level and of the order.';
comment on column orders.backorders.queued_at is 'When Scoville took the order, so nobody comes earlier by an earlier created_at.';
comment on column orders.backorders.lost_at is
  'When units that were promised to the order turned out to be missing and were not elsewhere (orders.resolve_shortfall); null: nothing was promised.';
create index backorders_queue_idx on orders.backorders (region_id, sku_id, priority desc, queued_at, order_id);

create table orders.freshness (
  region_id smallint not null,
  order_id bigint not null,
  sku_id text collate "C" not null,
  channel_id text collate "C" not null,
  fresh_until date not null,
  rule text not null,
  is_open boolean not null default true,
  at_risk_at timestamptz,
  constraint freshness_pkey primary key (region_id, order_id, sku_id),
  constraint freshness_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict
);
comment on table orders.freshness is
  'What was promised about the time of sale of an order''s units of a SKU, frozen when the order got the SKU: they can be sold on fresh_until. No '
  'row: any unit that can be sold. A table of its own, so that whoever moves, queues, splits or supplies the units of an order has nothing '
  'to carry along.';
comment on column orders.freshness.fresh_until is 'infinity: only units that never expire, because the rule has a percentage and no lot says when it was made.';
comment on column orders.freshness.is_open is
  'False some time after the order is over (jobs.close_freshness), so that whoever adds up open promises reads no old ones.';
comment on column orders.freshness.at_risk_at is
  'Since when too few units are left that keep the promise (jobs.recheck_freshness); null: there are enough.';
create index freshness_open_sku_id_idx on orders.freshness (region_id, sku_id) where is_open;

create sequence orders.fulfillments_fulfillment_id_seq start 1001;
create table orders.fulfillments (
  region_id smallint not null,
  fulfillment_id bigint not null default nextval('orders.fulfillments_fulfillment_id_seq'),
  order_id bigint not null,
  warehouse_id text collate "C" not null,
  channel_id text collate "C" not null,
  tracking_number text,
  note text,
  shipped_at timestamptz not null,
  canceled_at timestamptz,
  cancel_reason text,
  created_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint fulfillments_pkey primary key (region_id, fulfillment_id),
  constraint fulfillments_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict,
  constraint fulfillments_canceled_for_a_reason_check check ((canceled_at is null) = (cancel_reason is null))
);
alter sequence orders.fulfillments_fulfillment_id_seq owned by orders.fulfillments.fulfillment_id;
comment on table orders.fulfillments is 'A parcel: units of one order that left one warehouse together.';
comment on column orders.fulfillments.shipped_at is 'When it was handed over; created_at is when that was recorded.';
comment on column orders.fulfillments.canceled_at is 'When it was undone: it did not leave, and its units are promised to the order again.';
create index fulfillments_order_id_idx on orders.fulfillments (region_id, order_id);
create index fulfillments_tracking_number_idx on orders.fulfillments (region_id, tracking_number) where tracking_number is not null;

create table orders.fulfillment_lines (
  region_id smallint not null,
  fulfillment_id bigint not null,
  sku_id text collate "C" not null,
  lot_id bigint not null,
  warehouse_id text collate "C" not null,
  channel_id text collate "C" not null,
  batch_number text not null,
  quantity stock.quantity not null,
  assumed boolean not null,
  reason_code text collate "C",
  passed_over text[],
  constraint fulfillment_lines_pkey primary key (region_id, fulfillment_id, sku_id, lot_id),
  constraint fulfillment_lines_region_id_fulfillment_id_fkey foreign key (region_id, fulfillment_id)
    references orders.fulfillments (region_id, fulfillment_id) on delete restrict,
  constraint fulfillment_lines_region_id_lot_id_fkey foreign key (region_id, lot_id)
    references stock.lots (region_id, lot_id) on delete restrict,
  constraint fulfillment_lines_passes_over_for_a_reason_check check ((passed_over is null) = (reason_code is null))
);
comment on table orders.fulfillment_lines is
  'The lots in a parcel. Numbers of lots are copied here for roles that read parcels but not lots.';
comment on column orders.fulfillment_lines.assumed is 'Nobody named the lot: it is the one that expired first among those on the shelf.';
comment on column orders.fulfillment_lines.passed_over is
  'The lots that expire earlier, and of which sellable units stayed on the shelf, for the reason in reason_code.';
create index fulfillment_lines_lot_id_idx on orders.fulfillment_lines (region_id, lot_id);

create sequence orders.erasures_erasure_id_seq start 1001;
create table orders.erasures (
  region_id smallint not null,
  erasure_id bigint not null default nextval('orders.erasures_erasure_id_seq'),
  email_hash uuid,
  order_ids bigint[] not null,
  erased_at timestamptz not null,
  actor text not null,
  request_id text,
  constraint erasures_pkey primary key (region_id, erasure_id),
  constraint erasures_order_ids_is_not_empty_check check (cardinality(order_ids) > 0)
);
alter sequence orders.erasures_erasure_id_seq owned by orders.erasures.erasure_id;
comment on table orders.erasures is
  'The register of erasures: which orders lost their customer, when and by whom. After a restore of an older backup it says what to erase again.';
comment on column orders.erasures.email_hash is
  'Proves that a request for an e-mail was carried out: orders.register_hash(), which nobody can compute without the key of '
  'identity.pseudonym_keys. It equals no pseudonym.';
create index erasures_email_hash_idx on orders.erasures (region_id, email_hash, erased_at) where email_hash is not null;

-- Passed between functions; never stored. Made only by orders.new_draft.
create type orders.draft as (
  ordinal integer,
  channel_id text,
  external_id text,
  customer_name text,
  customer_email text,
  customer_phone text,
  customer_address text,
  note text,
  placed_at timestamptz,
  currency text,
  total_price numeric,
  sku_ids text[],
  quantities bigint[],
  prices numeric[],
  amounts numeric[],
  bundles jsonb,
  addresses text[],
  items json,
  actor text,
  request_id text,
  reservation_id bigint,
  historic boolean,
  unpaid_until timestamptz,
  order_id bigint,
  warehouse_ids text[],
  document json,
  customer_group text,
  has_rules boolean
);
comment on type orders.draft is
  'An order before it is written: read and priced. It gets order_id, warehouse_ids and document together with its units '
  '(orders.complete_drafts).';
comment on column orders.draft.unpaid_until is 'Of an order that is not paid yet; null: it can be shipped at once.';
comment on column orders.draft.has_rules is 'Whether its channel has rules about the time of sale that is left.';
comment on column orders.draft.sku_ids is
  'Of its lines, in their order, as quantities, prices and amounts (a line has one of these two); items is their document.';
comment on column orders.draft.addresses is 'Of its lines, as quantities; null: all go to the customer''s address.';
comment on column orders.draft.bundles is 'The components of the lines that are bundles, by line number (orders.freeze_components); null: none is.';
create type orders.part as (
  item integer,
  warehouse_id text,
  sku_id text,
  units integer,
  lot_id bigint,
  batch_number text,
  reason_code text,
  fresh_until date,
  rule text
);
comment on type orders.part is
  'Units that a parcel takes from a level. item: the position of the item that asks for them; null: all open units leave. lot_id: the lot '
  'that it names; reason_code: why it passes lots over. fresh_until and rule: of the promise of the order. Made by orders.new_part.';
create type orders.pick as (
  item integer,
  warehouse_id text,
  sku_id text,
  lot_id bigint,
  units integer,
  assumed boolean,
  reason_code text,
  passed_over text[]
);
comment on type orders.pick is 'Units of a lot that leave in a parcel: a row of fulfillment_lines before it is written. Made by orders.new_pick.';

create type orders.supply as (
  order_id bigint,
  sku_id text,
  channel_id text,
  warehouse_id text,
  units integer,
  is_last boolean
);
comment on type orders.supply is
  'Units of a level for an order that waits for them. is_last: the order then waits for no more units of the SKU. Made by orders.new_supply.';

create type orders.relocation as (
  order_id bigint,
  sku_id text,
  channel_id text,
  warehouse_id text,
  to_warehouse_id text,
  units integer
);
comment on type orders.relocation is
  'Promised units that an order no longer has in a warehouse, but in another one; to_warehouse_id null: it waits for them. Made by '
  'orders.new_relocation.';

-- Returns: units that customers send back. The withholdings that a receipt opened say what became of its units.

create sequence orders.returns_return_id_seq start 1001;
create table orders.returns (
  region_id smallint not null,
  return_id bigint not null default nextval('orders.returns_return_id_seq'),
  order_id bigint,
  channel_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  status text not null default 'requested',
  reason text not null,
  note text,
  person text,
  status_changed_at timestamptz,
  status_changed_by text,
  status_reason text,
  version integer not null default 1,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint returns_pkey primary key (region_id, return_id),
  constraint returns_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict,
  constraint returns_status_is_known_check check (status in ('requested', 'approved', 'received', 'closed', 'refused')),
  constraint returns_without_order_have_a_note_check check (order_id is not null or note is not null)
);
alter sequence orders.returns_return_id_seq owned by orders.returns.return_id;
comment on table orders.returns is
  'Units that a customer sends back to a warehouse. Its public id is RET-<region>-<return_id>. Without an order: a gift, or a sale elsewhere.';
comment on column orders.returns.status is
  'received: units have come. closed: all units came or were given up, and none of them is withheld any more.';
comment on column orders.returns.person is 'Who sends the units back, if that is not the customer of the order.';
comment on column orders.returns.status_changed_at is
  'When it was last approved, refused or shortened (closed by hand), with the person and the reason; null if it never was.';
create index returns_order_id_idx on orders.returns (region_id, order_id);
create index returns_channel_id_idx on orders.returns (channel_id, region_id, return_id);
create index returns_warehouse_id_idx on orders.returns (region_id, warehouse_id, return_id);

create table orders.return_lines (
  region_id smallint not null,
  return_id bigint not null,
  line_no smallint not null,
  channel_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  fulfillment_id bigint,
  sku_id text collate "C" not null,
  quantity stock.quantity not null,
  received integer not null default 0,
  given_up integer not null default 0,
  constraint return_lines_pkey primary key (region_id, return_id, line_no),
  constraint return_lines_region_id_return_id_fkey foreign key (region_id, return_id)
    references orders.returns (region_id, return_id) on delete restrict,
  constraint return_lines_region_id_fulfillment_id_fkey foreign key (region_id, fulfillment_id)
    references orders.fulfillments (region_id, fulfillment_id) on delete restrict,
  constraint return_lines_parts_are_within_quantity_check check (received >= 0 and given_up >= 0 and received + given_up <= quantity)
);
comment on table orders.return_lines is
  'Units of a SKU from one parcel that a return announces. A unit of a parcel is announced by one return at most, so that no more '
  'come back than were shipped. fulfillment_id null: no parcel is known (a return without an order, a historic order).';
comment on column orders.return_lines.given_up is 'Units that will not come.';
create index return_lines_fulfillment_id_idx on orders.return_lines (region_id, fulfillment_id);

create table orders.return_receipts (
  region_id smallint not null,
  withholding_id bigint not null,
  return_id bigint not null,
  line_no smallint not null,
  channel_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  constraint return_receipts_pkey primary key (region_id, withholding_id),
  constraint return_receipts_region_id_return_id_line_no_fkey foreign key (region_id, return_id, line_no)
    references orders.return_lines (region_id, return_id, line_no) on delete restrict,
  constraint return_receipts_region_id_withholding_id_fkey foreign key (region_id, withholding_id)
    references stock.withholdings (region_id, withholding_id) on delete restrict
);
comment on table orders.return_receipts is
  'Which withholding has the units of a line that came: it says their lot, how many, and what became of them.';
create index return_receipts_return_id_idx on orders.return_receipts (region_id, return_id, line_no);

-- Recalls. Their lists are frozen when the recall opens, so that a report says the same a year later; they name no person: customers are
-- read from the orders, and an erased one is gone here too.

create sequence stock.recalls_recall_id_seq start 1001;
create table stock.recalls (
  region_id smallint not null,
  recall_id bigint not null default nextval('stock.recalls_recall_id_seq'),
  status text not null default 'open',
  reason_code text collate "C" not null,
  note text,
  person text not null,
  warehouse_ids text[] not null,
  channel_ids text[] not null,
  seconds numeric not null,
  digest text not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  close_note text,
  version integer not null default 1,
  updated_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint recalls_pkey primary key (region_id, recall_id),
  constraint recalls_status_is_known_check check (status in ('open', 'closed')),
  constraint recalls_closed_at_a_time_check check ((status = 'closed') = (closed_at is not null))
);
alter sequence stock.recalls_recall_id_seq owned by stock.recalls.recall_id;
comment on table stock.recalls is
  'A recall: lots that no path gives out any more, and what was known of them at that moment. Its public id is RCL-<region>-<recall_id>.';
comment on column stock.recalls.person is 'Who is responsible for it.';
comment on column stock.recalls.warehouse_ids is 'Where units of its lots lay, or were to arrive: staff of these warehouses see it.';
comment on column stock.recalls.channel_ids is 'Through which its lots were sold or promised: sales of these channels see it.';
comment on column stock.recalls.seconds is 'How long it took to hold the units, move the promises and make the lists.';
comment on column stock.recalls.digest is 'SHA-256 of the frozen lists (stock.recall_digest).';

create table stock.recall_lots (
  region_id smallint not null,
  recall_id bigint not null,
  lot_id bigint not null,
  sku_id text collate "C" not null,
  warehouse_ids text[] not null default '{}',
  channel_ids text[] not null default '{}',
  received bigint not null,
  on_hand bigint not null,
  in_transit bigint not null,
  shipped bigint not null,
  returned bigint not null,
  written_off bigint not null,
  unexplained bigint not null,
  constraint recall_lots_pkey primary key (region_id, recall_id, lot_id),
  constraint recall_lots_region_id_recall_id_fkey foreign key (region_id, recall_id)
    references stock.recalls (region_id, recall_id) on delete restrict,
  constraint recall_lots_region_id_lot_id_fkey foreign key (region_id, lot_id)
    references stock.lots (region_id, lot_id) on delete restrict,
  constraint recall_lots_every_unit_has_a_place_check check (received = on_hand + in_transit + shipped - returned + written_off + unexplained)
);
comment on table stock.recall_lots is 'The lots of a recall, with what became of their units until it opened, by the ledger alone.';
comment on column stock.recall_lots.warehouse_ids is 'Of its recall, as channel_ids: a policy reads no other table.';
comment on column stock.recall_lots.written_off is 'Units that left for a reason that says where: damaged, scrapped, given away, sent back.';
comment on column stock.recall_lots.unexplained is 'Units that nobody can show: missing, miscounted, corrected. Negative: more were found than came.';
create index recall_lots_lot_id_idx on stock.recall_lots (region_id, lot_id);

create table stock.recall_places (
  region_id smallint not null,
  recall_id bigint not null,
  lot_id bigint not null,
  warehouse_id text collate "C" not null,
  units integer not null,
  in_transit integer not null,
  transfers text[] not null,
  constraint recall_places_pkey primary key (region_id, recall_id, lot_id, warehouse_id),
  constraint recall_places_region_id_recall_id_lot_id_fkey foreign key (region_id, recall_id, lot_id)
    references stock.recall_lots (region_id, recall_id, lot_id) on delete restrict
);
comment on table stock.recall_places is 'Where units of the lots lay when the recall opened: what staff have to take off the shelf.';
comment on column stock.recall_places.in_transit is 'Units that were on their way there, with the these transfers. They arrive unavailable.';

create table stock.recall_orders (
  region_id smallint not null,
  recall_id bigint not null,
  order_id bigint not null,
  sku_id text collate "C" not null,
  channel_id text collate "C" not null,
  moved integer not null,
  waiting integer not null,
  constraint recall_orders_pkey primary key (region_id, recall_id, order_id, sku_id),
  constraint recall_orders_region_id_recall_id_fkey foreign key (region_id, recall_id)
    references stock.recalls (region_id, recall_id) on delete restrict,
  constraint recall_orders_region_id_order_id_fkey foreign key (region_id, order_id)
    references orders.orders (region_id, order_id) on delete restrict
);
comment on table stock.recall_orders is 'Orders that lost promised units by the recall: how many were moved to another warehouse, and how many had to wait.';
create index recall_orders_order_id_idx on stock.recall_orders (region_id, order_id);

create table stock.recall_parcels (
  region_id smallint not null,
  recall_id bigint not null,
  fulfillment_id bigint not null,
  lot_id bigint not null,
  order_id bigint not null,
  channel_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  quantity integer not null,
  assumed boolean not null,
  recovered integer not null default 0,
  constraint recall_parcels_pkey primary key (region_id, recall_id, fulfillment_id, lot_id),
  constraint recall_parcels_region_id_recall_id_lot_id_fkey foreign key (region_id, recall_id, lot_id)
    references stock.recall_lots (region_id, recall_id, lot_id) on delete restrict,
  constraint recall_parcels_region_id_fulfillment_id_fkey foreign key (region_id, fulfillment_id)
    references orders.fulfillments (region_id, fulfillment_id) on delete restrict,
  constraint recall_parcels_recovered_is_within_quantity_check check (recovered between 0 and quantity)
);
comment on table stock.recall_parcels is 'The parcels that left with units of the lots.';
comment on column stock.recall_parcels.assumed is 'Nobody named the lot when it was shipped: it is the one that expired first.';
create index recall_parcels_lot_id_idx on stock.recall_parcels (region_id, recall_id, lot_id);
create index recall_parcels_fulfillment_id_idx on stock.recall_parcels (region_id, fulfillment_id);

create sequence stock.recall_drills_drill_id_seq start 1001;
create table stock.recall_drills (
  region_id smallint not null,
  drill_id bigint not null default nextval('stock.recall_drills_drill_id_seq'),
  document jsonb not null,
  seconds numeric not null,
  digest text not null,
  drilled_at timestamptz not null,
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint recall_drills_pkey primary key (region_id, drill_id)
);
alter sequence stock.recall_drills_drill_id_seq owned by stock.recall_drills.drill_id;
comment on table stock.recall_drills is
  'The evidence of a drill: a recall that was carried out and taken back in the same transaction. document is the recall as it would have been.';

-- Events for the outside world. A business transaction writes the outbox and never calls NOTIFY, which takes a cluster-wide lock
-- until the commit. A sequencer moves committed rows into the log, where they get a gapless seq.
-- Events of the catalog, which every region shares, have region 0.

-- One row per event type. The audience is copied to each event when it is written. All code that decides who may see an event
-- compares the audience of the event, never the name of its type.
create table events.event_types (
  type text not null,
  audience text not null,
  about text not null,
  says text not null,
  constraint event_types_pkey primary key (type),
  constraint event_types_type_is_a_family_and_words_check check (type ~ '^[a-z]+([.][a-z_]+){1,2}$'),
  constraint event_types_audience_is_known_check check (audience in ('everybody', 'warehouse', 'channel', 'webhook', 'admin'))
);
comment on table events.event_types is 'Every event type: its audience, the kind of its subject, and its meaning.';
comment on column events.event_types.audience is
  'The roles that see it, in addition to admin. everybody: every role. warehouse: staff of its warehouses, and sales and '
  'integrations of its channel if it names one. channel: sales and integrations of its channel. webhook: the webhook that its '
  'subject names. admin: no other role.';
comment on column events.event_types.about is 'The kind of its subject.';

insert into events.event_types (type, audience, about, says) values
  ('stock.received', 'warehouse', 'level', 'Units were received.'),
  ('stock.adjusted', 'warehouse', 'level', 'The quantity was changed by hand, counted or moved to another part of the level.'),
  ('stock.reserved', 'warehouse', 'level', 'Units were reserved.'),
  ('stock.released', 'warehouse', 'level', 'Units are no longer reserved or committed.'),
  ('stock.committed', 'warehouse', 'level', 'Units were committed to an order.'),
  ('stock.fulfilled', 'warehouse', 'level', 'Units were shipped.'),
  ('stock.withheld', 'warehouse', 'level', 'Units of a lot were set aside: they are there, and nothing sells them.'),
  ('stock.disposed', 'warehouse', 'level', 'Withheld units were put back, scrapped or sent back.'),
  ('stock.count_requested', 'warehouse', 'count', 'A till sold more units of a level than the count said: staff should count it.'),
  ('count.opened', 'warehouse', 'count', 'A count was planned.'),
  ('count.entered', 'warehouse', 'count', 'Somebody counted lines of a count.'),
  ('count.approved', 'warehouse', 'count', 'The differences of a count were posted.'),
  ('count.canceled', 'warehouse', 'count', 'A count was canceled. What was not approved before leaves no movement.'),
  ('stock.low', 'warehouse', 'sum', 'A SKU fell to its reorder point or below it, over all warehouses that serve a channel.'),
  ('stock.out', 'warehouse', 'sum', 'No unit of a SKU can be sold any more, in any channel.'),
  ('stock.back_in', 'warehouse', 'sum', 'Units of a SKU can be sold again.'),
  ('channel.stock.low', 'channel', 'sum', 'What a channel can sell of a SKU fell to the reorder point of the SKU or below it.'),
  ('channel.stock.out', 'channel', 'sum', 'A channel can sell no unit of a SKU any more.'),
  ('channel.stock.back_in', 'channel', 'sum', 'A channel can sell units of a SKU again.'),
  ('warehouse.stock.low', 'warehouse', 'sum', 'A level fell to the reorder point of its own or below it.'),
  ('warehouse.stock.out', 'warehouse', 'sum', 'A level with a reorder point of its own has no available unit any more.'),
  ('warehouse.stock.back_in', 'warehouse', 'sum', 'A level with a reorder point of its own has available units again.'),
  ('reservation.created', 'channel', 'reservation', 'A reservation was made.'),
  ('reservation.extended', 'channel', 'reservation', 'The reservation ends later or earlier than before.'),
  ('reservation.released', 'channel', 'reservation', 'The reservation was released.'),
  ('reservation.expired', 'channel', 'reservation', 'The reservation expired.'),
  ('reservation.committed', 'channel', 'reservation', 'The reservation became an order.'),
  ('order.placed', 'channel', 'order', 'An order was placed.'),
  ('order.recorded', 'channel', 'order', 'A historic order was recorded: it was shipped long ago, elsewhere.'),
  ('order.backordered', 'channel', 'order', 'Units of the order wait for stock: of a new one, or promised ones that are missing. backorders says how many.'),
  ('order.reallocated', 'channel', 'order', 'Promised units of the order come from another warehouse now. allocations says which.'),
  ('order.supplied', 'channel', 'order', 'Units for which the order waited are now committed to it.'),
  ('order.promise_changed', 'channel', 'order', 'The day on which units that wait are expected changed: backorders says the new one, old the former one.'),
  ('order.at_risk', 'channel', 'order', 'Too few units are left that keep what the order was promised about their time of sale (freshness says of which SKU).'),
  ('order.modified', 'channel', 'order', 'The order was changed: its lines, customer or note, or the tracking number or note of a parcel.'),
  ('order.confirmed', 'channel', 'order', 'The order was paid: it can be shipped, or (on_hold) as soon as it is released.'),
  ('order.held', 'channel', 'order', 'The order was put on hold: it is not shipped, and the time to pay stands still.'),
  ('order.released', 'channel', 'order', 'The order was released from hold: it is again what it was before.'),
  ('order.canceled', 'channel', 'order', 'The order, or what was not shipped of it, was canceled. status says which: canceled or completed.'),
  ('order.fulfilled', 'channel', 'order', 'A parcel was shipped.'),
  ('fulfillment.canceled', 'channel', 'order', 'A parcel was undone: it did not leave, and its units are promised to the order again.'),
  ('return.requested', 'warehouse', 'return', 'Units were announced that come back.'),
  ('return.approved', 'warehouse', 'return', 'The return was approved: its units can be received.'),
  ('return.refused', 'warehouse', 'return', 'The return was refused: nothing of it is to come.'),
  ('return.received', 'warehouse', 'return', 'Units of the return came. They are withheld until it is said what becomes of them.'),
  ('return.closed', 'warehouse', 'return', 'All units of the return came or were given up, and nothing of it is withheld any more.'),
  ('customer.erased', 'warehouse', 'erasure', 'A person was forgotten: the customer of these orders, their notes, reasons and tracking numbers are gone.'),
  ('lot.status_changed', 'warehouse', 'lot', 'A lot was quarantined, recalled or released, for example.'),
  ('lot.changed', 'warehouse', 'lot', 'The dates of a lot were corrected.'),
  ('lot.expiring', 'warehouse', 'lot', 'A lot will expire soon.'),
  ('recall.opened', 'warehouse', 'recall', 'Lots were recalled: no path gives out a unit of them any more. Staff take theirs off the shelf.'),
  ('recall.closed', 'warehouse', 'recall', 'A recall was closed. Its lots stay recalled.'),
  ('purchase.ordered', 'warehouse', 'purchase', 'A purchase was ordered: its units are incoming.'),
  ('purchase.changed', 'warehouse', 'purchase', 'An ordered purchase was changed: its day, its reference or its units. old says what they were.'),
  ('purchase.received', 'warehouse', 'purchase', 'A delivery of a purchase was received: good, damaged or refused units.'),
  ('purchase.closed', 'warehouse', 'purchase', 'Nothing more comes of a purchase: its open units are canceled.'),
  ('transfer.shipped', 'warehouse', 'transfer', 'Units left for another warehouse.'),
  ('transfer.changed', 'warehouse', 'transfer', 'The day, the reference or the note of a transfer in transit was changed. old says what they were.'),
  ('transfer.received', 'warehouse', 'transfer', 'Units of a transfer arrived, good or damaged.'),
  ('transfer.closed', 'warehouse', 'transfer', 'A transfer ended early: its units in transit were taken back or lost, or it never left.'),
  ('sku.changed', 'everybody', 'sku', 'A SKU was created, changed or retired.'),
  ('channel.changed', 'everybody', 'channel', 'A channel was created, changed or retired, or other warehouses serve it.'),
  ('warehouse.changed', 'everybody', 'warehouse', 'A warehouse was created, changed or retired.'),
  ('sku.price_zero', 'admin', 'sku', 'The price of a SKU became 0: from now on it is given away.'),
  ('webhook.disabled', 'admin', 'webhook', 'A webhook was disabled after failures or a 410.'),
  ('webhook.test', 'webhook', 'webhook', 'A test of the webhook was requested.');

-- What the log says of stock: the sequencer, which alone writes these tables, compares each batch with them. They follow the log, not
-- the levels, so that every crossing of a threshold in the log is announced, and none twice.
create table events.known_levels (
  region_id smallint not null,
  sku_id text collate "C" not null,
  warehouse_id text collate "C" not null,
  available integer not null,
  calm_from bigint not null,
  calm_until bigint not null,
  constraint known_levels_pkey primary key (region_id, sku_id, warehouse_id)
) with (fillfactor = 70);
comment on table events.known_levels is 'The available units of each level after the last event of the level in the log.';
comment on column events.known_levels.calm_from is
  'While every level of the SKU stays between its calm_from and calm_until, no sum reaches another state: these are its shares of what '
  'each sum can lose or win until then. A posting within them needs no look at the sums.';

create table events.announced_states (
  region_id smallint not null,
  sku_id text collate "C" not null,
  scope text not null,
  scope_id text collate "C" not null,
  state text not null,
  version bigint not null,
  constraint announced_states_pkey primary key (region_id, sku_id, scope, scope_id),
  constraint announced_states_scope_is_known_check check (scope in ('region', 'channel', 'warehouse')),
  constraint announced_states_state_is_known_check check (state in ('in_stock', 'low', 'out_of_stock'))
) with (fillfactor = 70);
comment on table events.announced_states is
  'The state of a SKU that the log announced last, for a region (scope_id is empty), a channel or a warehouse. Without a row: '
  'out_of_stock, as a SKU begins; in_stock for a warehouse, which begins when it gets a reorder point.';
comment on column events.announced_states.version is 'The number of announcements so far.';

-- Passed between functions; never stored.
create type events.step as (
  nth bigint,
  region_id smallint,
  sku_id text,
  warehouse_id text,
  delta bigint,
  before bigint,
  after bigint,
  occurred_at timestamptz
);
comment on type events.step is
  'A change of what can be sold of a SKU, at the nth event of a batch: the available units of a level went from before to after; or, '
  'without a warehouse, something else decides from here on. Made by events.new_step.';

create type events.sum as (
  region_id smallint,
  sku_id text,
  scope text,
  scope_id text,
  reorder_point integer,
  begun bigint,
  fallen bigint,
  risen bigint,
  member_ids text[],
  warehouse_ids text[],
  state text,
  version bigint
);
comment on type events.sum is
  'What can be sold of a SKU in a scope before the steps of a batch, what they take away and add, and the state that was announced '
  'last. member_ids: the warehouses that count; warehouse_ids: all that know the SKU. Made by events.new_sum.';

-- Computes the text only if the value may be large: except for absurd numbers, no text is 32 times as long as its binary form.
create domain events.data as jsonb constraint data_is_at_most_262144_bytes_check
  check (pg_column_size(value) <= 8192 or octet_length(value::text) <= 262144);
comment on domain events.data is 'What an event says: a JSON object.';

create sequence events.outbox_outbox_id_seq;
create table events.outbox (
  region_id smallint not null,
  -- The transaction gets its id before the row does. jobs.sequence_events relies on that to know below which outbox_id no row
  -- can appear any more.
  outbox_id bigint not null
    default case when pg_current_xact_id() is not null then nextval('events.outbox_outbox_id_seq') end,
  type text not null,
  -- Cheaper than a foreign key, which would lock the same few rows of event_types in every transaction.
  audience text not null,
  subject text not null,
  sku_id text collate "C",
  warehouse_ids text[] not null default '{}',
  channel_id text collate "C",
  version bigint not null,
  data events.data not null,
  actor text not null,
  request_id text,
  occurred_at timestamptz not null,
  constraint outbox_pkey primary key (region_id, outbox_id)
) with (
  -- A queue: every row is dead a moment later. Vacuumed by the number of dead rows, without a pause, and without
  -- truncating the file, which would lock out writers.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000, vacuum_truncate = false
);
alter sequence events.outbox_outbox_id_seq owned by events.outbox.outbox_id;
-- No query filters by it, and ANALYZE would sort its JSON.
alter table events.outbox alter column data set statistics 0;
comment on table events.outbox is 'Events that are committed and not yet sequenced. version is that of the subject after the change.';
comment on column events.outbox.audience is
  'events.audience_of(type). For a type that is not in events.event_types it is null, so the row is refused.';

create table events.event_log (
  region_id smallint not null,
  seq bigint not null,
  epoch text not null,
  recorded_at timestamptz not null,
  type text not null,
  audience text not null,
  subject text not null,
  sku_id text collate "C",
  warehouse_ids text[] not null,
  channel_id text collate "C",
  version bigint not null,
  data jsonb not null,
  actor text not null,
  request_id text,
  occurred_at timestamptz not null,
  hash bytea not null,
  salt uuid,
  personal_hash bytea,
  constraint event_log_pkey primary key (seq, recorded_at, region_id),
  constraint event_log_is_salted_or_erased_check check (salt is null or personal_hash is null)
) partition by range (recorded_at);
comment on table events.event_log is
  'Every event, in order; seq has no gap. Kept for events.stream.retention_months. epoch is the one at the time of recording: epoch '
  'and seq are the permanent id of the event.';
comment on column events.event_log.hash is 'sha256 of the previous hash and events.canonical_text of the row.';
comment on column events.event_log.salt is
  'Of an event that holds personal data: random, part of events.personal_hash. It goes with the data, so nobody can test guesses against '
  'the hash that stays.';
comment on column events.event_log.personal_hash is 'Of an event whose personal data was erased: events.personal_hash of what is gone.';
-- Finds what is to be erased, and nothing else: few events have a salt.
create index event_log_personal_idx on events.event_log (region_id, subject) where salt is not null;
alter table events.event_log alter column data set statistics 0;
create table events.event_log_default partition of events.event_log default;
alter table events.event_log_default alter column data set statistics 0;
comment on table events.event_log_default is 'Catches events of a month that has no partition yet.';

create table events.stream (
  stream_id smallint not null default 1,
  epoch text not null,
  origin text not null,
  first_seq bigint not null default 1,
  last_seq bigint not null default 0,
  anchor_hash bytea not null default '',
  last_hash bytea not null default '',
  retention_months integer not null default 13,
  trimmed_at timestamptz,
  moved_id bigint not null default 0,
  settled_id bigint not null default 0,
  settling_id bigint,
  settling_xid xid8,
  constraint stream_pkey primary key (stream_id),
  constraint stream_has_one_row_check check (stream_id = 1),
  constraint stream_epoch_is_a_word_check check (epoch ~ '^[0-9a-z]{1,32}$'),
  constraint stream_first_seq_follows_at_most_the_last_check check (first_seq between 1 and last_seq + 1),
  constraint stream_retention_is_a_number_of_months_check check (retention_months between 1 and 1200)
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200, vacuum_truncate = false);
comment on table events.stream is
  'One row: where the log begins and ends. The session that holds its lock is the sequencer. A position in the log is <epoch>:<seq>.';
comment on column events.stream.epoch is
  'Names this history of the log. Renewed when the database proves to be another one (restored, copied, promoted), where the '
  'same seq may belong to another event.';
comment on column events.stream.origin is 'The database and timeline that the epoch belongs to: events.read_origin().';
comment on column events.stream.anchor_hash is 'The hash before first_seq, from which the chain can be verified.';
comment on column events.stream.last_hash is 'The hash of last_seq.';
comment on column events.stream.trimmed_at is 'When first_seq last moved; the events before it are dropped a while later.';
comment on column events.stream.moved_id is 'The highest outbox_id that was ever moved.';
comment on column events.stream.settled_id is
  'No outbox row can appear at or below this id any more. Scans start after it and so skip the dead rows.';
comment on column events.stream.settling_id is 'The next settled_id: as soon as every transaction before settling_xid has ended.';

insert into events.stream (epoch, origin) values (left(replace(gen_random_uuid()::text, '-', ''), 12), '');

create domain audit.action as text constraint action_is_known_check check (value in ('insert', 'update', 'delete'));
comment on domain audit.action is 'What was done to a row.';

create sequence audit.audit_log_audit_id_seq;
create table audit.audit_log (
  region_id smallint not null,
  audit_id bigint not null default nextval('audit.audit_log_audit_id_seq'),
  recorded_at timestamptz not null,
  actor text not null,
  role text not null,
  action audit.action not null,
  table_name text not null,
  row_key text not null,
  old jsonb,
  new jsonb,
  reason text,
  request_id text,
  constraint audit_log_pkey primary key (region_id, audit_id, recorded_at)
) partition by range (recorded_at);
alter sequence audit.audit_log_audit_id_seq owned by audit.audit_log.audit_id;
comment on table audit.audit_log is
  'Who changed what, when and why. For an update, old and new hold only the differences. Rows of the catalog have region 0.';
create index audit_log_row_key_idx on audit.audit_log (region_id, table_name, row_key, audit_id);
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
  grant_no integer not null default 1,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint clients_pkey primary key (client_id),
  constraint clients_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint clients_client_id_is_a_code_check check (client_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint clients_name_is_not_empty_check check (name <> ''),
  constraint clients_role_is_known_check check (role in ('admin', 'warehouse', 'sales', 'integration')),
  constraint clients_only_warehouse_staff_is_bound_to_warehouses_check check ((role = 'warehouse') = (warehouses <> '{}')),
  constraint clients_only_sellers_are_bound_to_channels_check check ((role in ('sales', 'integration')) = (channels <> '{}'))
);
comment on table identity.clients is 'A program or person that may ask for tokens, with the role and scope that the tokens carry.';
comment on column identity.clients.grant_no is
  'Counts the changes of the client''s rights. A token carries the number at its time of issue and is invalid once the number differs.';
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
  constraint client_secrets_two_at_a_time_check check (secret_no in (1, 2)),
  constraint client_secrets_secret_hash_is_a_sha256_check check (length(secret_hash) = 32)
);
comment on table identity.client_secrets is
  'Hashes of at most two live secrets, so that one can be rotated without a pause. The current one does not expire.';

create table identity.idempotency_keys (
  region_id smallint not null,
  key_hash bytea not null,
  fingerprint bigint not null,
  answer json not null,
  created_at timestamptz not null,
  constraint idempotency_keys_pkey primary key (region_id, key_hash)
);
comment on table identity.idempotency_keys is
  'The answer to every request that had an effect, kept for a day: a repeat gets it again and does nothing. Refusals are not '
  'kept: they had no effect, so a repeat is decided again.';
comment on column identity.idempotency_keys.key_hash is
  'Of sender, route and Idempotency-Key (identity.read_keys): 16 bytes, so that a list of keys is looked up by one index scan.';
create index idempotency_keys_created_at_idx on identity.idempotency_keys (region_id, created_at);

-- Passed between functions; never stored.
create type identity.key as (
  ordinal integer,
  key_hash bytea,
  lock_no bigint,
  fingerprint bigint
);
comment on type identity.key is
  'The idempotency key of one element of a list: the hash under which its answer is kept, the number of its advisory lock, and a '
  'digest of its payload. Made by identity.new_key.';

create table identity.socket_tickets (
  ticket_hash bytea not null,
  role text not null,
  subject text not null,
  region_id smallint not null,
  warehouses text[] not null,
  channels text[] not null,
  session json not null,
  expires_at timestamptz not null,
  constraint socket_tickets_pkey primary key (ticket_hash),
  constraint socket_tickets_ticket_hash_is_a_sha256_check check (length(ticket_hash) = 32),
  constraint socket_tickets_role_is_known_check check (role in ('admin', 'warehouse', 'sales', 'integration'))
);
comment on table identity.socket_tickets is
  'A ticket opens a WebSocket once, within half a minute, in place of a token: a browser cannot send a header with the handshake, '
  'and a token does not belong in a URL. Only the hash is stored. session is for the API: the end of the token, and its client.';
create index socket_tickets_expires_at_idx on identity.socket_tickets (expires_at);

create table identity.pseudonym_keys (
  key_id smallint not null default 1,
  secret bytea not null,
  constraint pseudonym_keys_pkey primary key (key_id),
  constraint pseudonym_keys_has_one_row_check check (key_id = 1),
  constraint pseudonym_keys_secret_has_32_bytes_check check (length(secret) = 32)
);
comment on table identity.pseudonym_keys is
  'The key of orders.pseudonym(), made at random with the database. Without it nobody can test which name a pseudonym stands for.';
insert into identity.pseudonym_keys (secret)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

create table identity.bi_logins (
  login text collate "C" not null,
  warehouse_ids text[] not null default '{}',
  created_at timestamptz not null default now(),
  constraint bi_logins_pkey primary key (login)
);
comment on table identity.bi_logins is
  'Logins of analysts, made by `scoville bi add-user`. warehouse_ids limits the stock and orders that a login sees. A login without '
  'warehouses sees everything, through its role bi_reader_all.';

create unlogged table identity.request_windows (
  principal text collate "C" not null,
  kind text not null,
  window_no bigint not null,
  taken integer not null,
  constraint request_windows_pkey primary key (principal, kind),
  constraint request_windows_kind_is_known_check check (kind in ('read', 'write'))
) with (fillfactor = 70);
comment on table identity.request_windows is
  'The requests of a caller that processes of the API have leased in the present time window. Unlogged: after a crash counting '
  'starts again, and nothing else is lost.';

create type api.result as (
  ordinal integer,
  code text,
  replayed boolean,
  body json
);
comment on type api.result is
  'The answer to one element of a command: code null and the document, or an error code and the body of the refusal. replayed: '
  'the idempotency key was seen before, and this is the kept answer.';

create type api.refusal as (
  code text,
  body jsonb
);
comment on type api.refusal is
  'Why a command refuses an element: a code of the register and {"detail", "errors"}. Null if nothing is wrong. Made by app.refuse.';

-- Webhooks: the events that each endpoint receives, and the outcome of each delivery. The dispatcher makes a delivery of every
-- event that an endpoint wants and may see. It puts due deliveries into the queue (pgmq), as ids only; the others wait here.
-- Delivery workers read the queue.

create sequence webhooks.endpoints_endpoint_id_seq start 1001;
create table webhooks.endpoints (
  region_id smallint not null,
  endpoint_id bigint not null default nextval('webhooks.endpoints_endpoint_id_seq'),
  url text not null,
  description text not null default '',
  event_types text[] not null default '{}',
  sku_ids text[] not null default '{}',
  warehouse_ids text[] not null default '{}',
  channel_ids text[] not null default '{}',
  rate_per_minute_max integer,
  requests_at_once_max integer not null default 10,
  active boolean not null default true,
  owner text not null,
  owner_role text not null,
  owner_channels text[] not null default '{}',
  from_seq bigint not null,
  previous_secret_expires_at timestamptz,
  disabled_at timestamptz,
  disabled_reason text,
  deleted_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint endpoints_pkey primary key (region_id, endpoint_id),
  constraint endpoints_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint endpoints_url_is_a_web_address_check check (url ~ '^https?://[^[:space:][:cntrl:]]+$' and length(url) <= 2048),
  constraint endpoints_rate_per_minute_max_is_within_range_check check (rate_per_minute_max between 1 and 60000),
  constraint endpoints_requests_at_once_max_is_within_range_check check (requests_at_once_max between 1 and 100),
  constraint endpoints_owner_role_is_known_check check (owner_role in ('admin', 'integration')),
  constraint endpoints_disabled_reason_is_known_check check (disabled_reason in ('gone', 'failing', 'unverified', 'unconfirmed')),
  constraint endpoints_disabled_for_a_reason_check check ((disabled_at is null) = (disabled_reason is null))
);
alter sequence webhooks.endpoints_endpoint_id_seq owned by webhooks.endpoints.endpoint_id;
comment on table webhooks.endpoints is
  'A URL that receives events, with its filters. An empty filter means all; an event passes a filter if it names one of its values.';
comment on column webhooks.endpoints.owner_channels is
  'The channels that an integration could see when it saved the endpoint. If the owner is an API client, its present scope counts instead.';
comment on column webhooks.endpoints.from_seq is 'Events up to this seq existed before the endpoint was active.';
comment on column webhooks.endpoints.disabled_at is
  'When the endpoint was disabled: it answered 410 (gone), no delivery succeeded for five days (failing), its URL did not answer the '
  'challenge for three days (unverified), or its owner was not heard of for too long (unconfirmed). The owner sets active; an '
  'endpoint needs active, and no disabled_at.';
create index endpoints_owner_idx on webhooks.endpoints (owner) where deleted_at is null;

create table webhooks.secrets (
  region_id smallint not null,
  endpoint_id bigint not null,
  secret_no integer not null,
  secret text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  constraint secrets_pkey primary key (region_id, endpoint_id, secret_no),
  constraint secrets_region_id_endpoint_id_fkey foreign key (region_id, endpoint_id)
    references webhooks.endpoints (region_id, endpoint_id) on delete restrict,
  constraint secrets_secret_is_of_the_standard_check check (secret ~ '^whsec_[A-Za-z0-9+/]{32,86}={0,2}$')
);
comment on table webhooks.secrets is
  'Signing keys in the clear, because signing needs them. Only the definer reads this table. Two keys are live until the older one '
  'expires.';

create table webhooks.endpoint_states (
  region_id smallint not null,
  endpoint_id bigint not null,
  owner text not null,
  requests_at_once integer not null default 2,
  failures_in_row integer not null default 0,
  failing_since_at timestamptz,
  pauses_in_row integer not null default 0,
  paused_until_at timestamptz,
  paced_until_at timestamptz,
  verified_at timestamptz,
  challenges integer not null default 0,
  challenged_at timestamptz,
  challenge_due_at timestamptz,
  challenge_failure text,
  confirmed_at timestamptz not null default now(),
  replayed integer not null default 0,
  replayed_from_at timestamptz,
  constraint endpoint_states_pkey primary key (region_id, endpoint_id),
  constraint endpoint_states_region_id_endpoint_id_fkey foreign key (region_id, endpoint_id)
    references webhooks.endpoints (region_id, endpoint_id) on delete restrict,
  constraint endpoint_states_requests_at_once_is_positive_check check (requests_at_once > 0)
) with (fillfactor = 50);
comment on table webhooks.endpoint_states is
  'The health of an endpoint. A session locks this row before it queues deliveries of the endpoint.';
comment on column webhooks.endpoint_states.requests_at_once is
  'How many deliveries may be queued or under way: few at first and after failures, then up to the endpoint''s own limit. '
  'So an endpoint that hangs delays only its own deliveries.';
comment on column webhooks.endpoint_states.paused_until_at is
  'Nothing is sent until then, after failures in a row or because the endpoint asked for it (Retry-After). Then one delivery tries.';
comment on column webhooks.endpoint_states.verified_at is
  'When the URL answered the challenge, which proves that it wants the events. Until then nothing else is sent to it.';
comment on column webhooks.endpoint_states.challenge_due_at is 'When the next challenge is sent; null: verified, or given up.';
comment on column webhooks.endpoint_states.challenge_failure is 'What was wrong with the last answer to a challenge.';
comment on column webhooks.endpoint_states.confirmed_at is
  'The owner''s last command about the endpoint, which shows that the owner still has a valid token.';
comment on column webhooks.endpoint_states.replayed is 'Deliveries that were sent again at the owner''s request in the hour from replayed_from_at.';
comment on column webhooks.endpoint_states.paced_until_at is
  'When the rate limit has room for the next delivery (the theoretical arrival time of the generic cell rate algorithm).';
create index endpoint_states_challenge_due_at_idx on webhooks.endpoint_states (challenge_due_at) where challenge_due_at is not null;
create index endpoint_states_owner_idx on webhooks.endpoint_states (owner);

create table webhooks.deliveries (
  region_id smallint not null,
  endpoint_id bigint not null,
  delivery_id bigint not null,
  owner text not null,
  event_id text not null,
  type text not null,
  subject text not null,
  recorded_at timestamptz not null,
  status text not null,
  due_at timestamptz not null,
  attempts integer not null default 0,
  failures integer not null default 0,
  solo_starts integer not null default 0,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint deliveries_pkey primary key (region_id, endpoint_id, delivery_id),
  constraint deliveries_status_is_known_check
    check (status in ('pending', 'queued', 'delivered', 'failed', 'canceled', 'quarantined')),
  constraint deliveries_finished_when_it_ended_check check ((status in ('pending', 'queued')) = (finished_at is null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
comment on table webhooks.deliveries is
  'One event for one endpoint. delivery_id is the seq of the event, so an endpoint cannot have an event twice. No foreign key: a delivery '
  'is made from the row of its endpoint, which is never deleted.';
comment on column webhooks.deliveries.recorded_at is 'When the event was recorded. With the seq, it finds the event in the log.';
comment on column webhooks.deliveries.attempts is 'All attempts so far.';
comment on column webhooks.deliveries.failures is 'Failed attempts since the delivery was made, or made pending again.';
comment on column webhooks.deliveries.solo_starts is
  'How often it was sent alone, because workers never reported on its message while it was sent beside others. Each report '
  'resets it.';
create index deliveries_pending_due_at_idx on webhooks.deliveries (region_id, endpoint_id, due_at, delivery_id)
  where status = 'pending';
create index deliveries_queued_idx on webhooks.deliveries (region_id, endpoint_id) where status = 'queued';

create table webhooks.attempts (
  region_id smallint not null,
  endpoint_id bigint not null,
  delivery_id bigint not null,
  attempt_no integer not null,
  owner text not null,
  started_at timestamptz not null,
  duration_ms integer not null,
  status_code integer,
  error text,
  response text not null default '',
  constraint attempts_pkey primary key (region_id, endpoint_id, delivery_id, attempt_no),
  constraint attempts_response_is_short_check check (length(response) <= 1024)
);
comment on table webhooks.attempts is
  'One request and its outcome: a status code and the beginning of the answer, or an error. No foreign key: it is written and '
  'deleted together with its delivery.';

create table webhooks.dispatchers (
  dispatcher_id smallint not null default 1,
  last_seq bigint not null default 0,
  constraint dispatchers_pkey primary key (dispatcher_id),
  constraint dispatchers_has_one_row_check check (dispatcher_id = 1)
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200, vacuum_truncate = false);
comment on table webhooks.dispatchers is
  'One row: the seq of the event log up to which deliveries have been made. The session that holds its lock is the dispatcher.';

insert into webhooks.dispatchers (last_seq) values (0);

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
