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
