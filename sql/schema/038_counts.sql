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
