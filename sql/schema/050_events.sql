-- Facts for the outside world. A business transaction writes the outbox and never NOTIFYs (that takes a cluster-wide lock
-- through the commit); a sequencer moves committed rows into the log, where they get their gapless seq.
-- Region 0 is the catalogue's, which every region shares.

create sequence events.outbox_outbox_id_seq;
create table events.outbox (
  region_id smallint not null,
  -- The transaction gets its id before the row does: jobs.sequence_events rests on that to know when no row can turn up any
  -- more below an outbox_id.
  outbox_id bigint not null
    default case when pg_current_xact_id() is not null then nextval('events.outbox_outbox_id_seq') end,
  type text not null,
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

create table events.event_log (
  region_id smallint not null,
  seq bigint not null,
  epoch text not null,
  recorded_at timestamptz not null,
  type text not null,
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
