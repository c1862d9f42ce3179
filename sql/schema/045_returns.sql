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
