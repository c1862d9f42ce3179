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
