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
