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
