-- Facts for the outside world. A business transaction writes the outbox and never NOTIFYs (that takes a cluster-wide lock
-- through the commit); a sequencer moves committed rows into the log, where they get their gapless seq.
-- Region 0 is the catalog's, which every region shares.

-- One row per type of event. Everything that decides who may see an event compares its audience, which is copied to the event when
-- it is written; nothing decides by the name of the type.
create table events.event_types (
  type text not null,
  audience text not null,
  about text not null,
  says text not null,
  constraint event_types_pkey primary key (type),
  constraint event_types_type_is_a_family_and_a_word_check check (type ~ '^[a-z]+[.][a-z_]+$'),
  constraint event_types_audience_is_known_check check (audience in ('everybody', 'warehouse', 'channel', 'webhook', 'admin'))
);
comment on table events.event_types is 'Every type of event: who may see it, what its subject is, and what it says.';
comment on column events.event_types.audience is
  'Who sees it beside admin. everybody: every role. warehouse: staff of its warehouses, and sales and integrations of its channel '
  'if it names one. channel: sales and integrations of its channel. webhook: the webhook that its subject names. admin: nobody else.';
comment on column events.event_types.about is 'The kind of thing that its subject names.';

insert into events.event_types (type, audience, about, says) values
  ('stock.received', 'warehouse', 'level', 'Units came in.'),
  ('stock.adjusted', 'warehouse', 'level', 'Changed by hand, counted, moved to another part.'),
  ('stock.reserved', 'warehouse', 'level', 'Held.'),
  ('stock.released', 'warehouse', 'level', 'No longer held or promised.'),
  ('stock.committed', 'warehouse', 'level', 'Promised to an order.'),
  ('stock.fulfilled', 'warehouse', 'level', 'Shipped.'),
  ('stock.low', 'warehouse', 'level', 'Fell to the reorder point, or below it.'),
  ('stock.out', 'warehouse', 'level', 'Nothing is available any more.'),
  ('stock.back_in', 'warehouse', 'level', 'Available again.'),
  ('reservation.created', 'channel', 'reservation', 'Units are held.'),
  ('reservation.extended', 'channel', 'reservation', 'Held for a longer or shorter time.'),
  ('reservation.released', 'channel', 'reservation', 'Let go.'),
  ('reservation.expired', 'channel', 'reservation', 'Its time was over.'),
  ('reservation.committed', 'channel', 'reservation', 'It became an order.'),
  ('order.placed', 'channel', 'order', 'A new order.'),
  ('order.modified', 'channel', 'order', 'Changed before anything of it was shipped.'),
  ('order.canceled', 'channel', 'order', 'Canceled, wholly or what was left of it.'),
  ('order.fulfilled', 'channel', 'order', 'A parcel left.'),
  ('lot.status_changed', 'warehouse', 'lot', 'A batch was quarantined, recalled, given free.'),
  ('lot.expiring', 'warehouse', 'lot', 'A batch will expire soon.'),
  ('sku.changed', 'everybody', 'sku', 'The catalog.'),
  ('webhook.disabled', 'admin', 'webhook', 'A webhook was given up.'),
  ('webhook.test', 'webhook', 'webhook', 'Somebody asked for a test.');

create sequence events.outbox_outbox_id_seq;
create table events.outbox (
  region_id smallint not null,
  -- The transaction gets its id before the row does: jobs.sequence_events rests on that to know when no row can turn up any
  -- more below an outbox_id.
  outbox_id bigint not null
    default case when pg_current_xact_id() is not null then nextval('events.outbox_outbox_id_seq') end,
  type text not null,
  audience text,
  subject text not null,
  sku_id text collate "C",
  warehouse_ids text[] not null default '{}',
  channel_id text collate "C",
  version bigint not null,
  data jsonb not null,
  actor text not null,
  request_id text,
  occurred_at timestamptz not null,
  constraint outbox_pkey primary key (region_id, outbox_id),
  -- Cheaper than a foreign key, which would lock the same few rows of event_types in every transaction.
  constraint outbox_type_is_known_check check (audience is not null),
  -- Written out only where it is not plainly small: no text is 32 times as long as its binary form, but for absurd numbers.
  constraint outbox_data_is_at_most_262144_bytes_check
    check (pg_column_size(data) <= 8192 or octet_length(data::text) <= 262144)
) with (
  -- A queue: whatever is in it is dead a moment later. Vacuumed by the number of dead rows, without a pause, and without
  -- giving back the end of the file, which would lock writers out.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000, vacuum_truncate = false
);
alter sequence events.outbox_outbox_id_seq owned by events.outbox.outbox_id;
comment on table events.outbox is 'Events that are committed and not yet sequenced. version is that of the subject after the change.';
comment on column events.outbox.audience is
  'events.audience_of(type), which is null, and so refused, for a type that events.event_types does not have.';

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
  constraint event_log_pkey primary key (region_id, recorded_at, seq)
) partition by range (recorded_at);
comment on table events.event_log is
  'Every event, in order; seq has no gap. Kept for events.stream.retention_months. epoch is that of the moment of recording: with '
  'seq it is the id of the event for ever.';
comment on column events.event_log.hash is 'sha256 of the hash before it and events.canonical_text of the row.';
create index event_log_seq_idx on events.event_log (seq);
create table events.event_log_default partition of events.event_log default;
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
  'One row: where the log begins and ends. Whoever holds its lock is the sequencer. A place in the log is <epoch>:<seq>.';
comment on column events.stream.epoch is
  'Names this history of the log. Renewed when the database turns out to be another one (restored, copied, promoted): there the '
  'same seq may stand for another event.';
comment on column events.stream.origin is 'Which database, on which timeline, the epoch belongs to: events.read_origin().';
comment on column events.stream.anchor_hash is 'The hash before first_seq, from which the chain can be verified.';
comment on column events.stream.last_hash is 'The hash of last_seq.';
comment on column events.stream.trimmed_at is 'When first_seq moved last; what lies before it is dropped a while later.';
comment on column events.stream.moved_id is 'The highest outbox_id that was ever moved.';
comment on column events.stream.settled_id is
  'No row of the outbox can turn up at or below this id any more, so nothing looks there, however many dead rows lie there.';
comment on column events.stream.settling_id is 'The next settled_id: as soon as every transaction before settling_xid has ended.';

insert into events.stream (epoch, origin) values (left(replace(gen_random_uuid()::text, '-', ''), 12), '');
