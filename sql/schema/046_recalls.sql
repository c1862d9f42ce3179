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
