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
