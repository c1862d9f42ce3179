-- Facts for the outside world. A business transaction writes the outbox and never NOTIFYs (that takes a cluster-wide lock
-- through the commit); a sequencer moves committed rows into the log, where they get their gapless seq.

create sequence events.outbox_outbox_id_seq;
create table events.outbox (
  region_id smallint not null,
  outbox_id bigint not null default nextval('events.outbox_outbox_id_seq'),
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
  constraint outbox_pkey primary key (region_id, outbox_id)
);
alter sequence events.outbox_outbox_id_seq owned by events.outbox.outbox_id;
comment on table events.outbox is 'Events that are committed and not yet sequenced. version is that of the subject after the change.';

create table events.event_log (
  region_id smallint not null,
  seq bigint not null,
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
  constraint event_log_pkey primary key (region_id, recorded_at, seq)
) partition by range (recorded_at);
comment on table events.event_log is 'Every event, in order, for ever (or as long as partitions are kept).';
create index event_log_seq_idx on events.event_log (seq);
create table events.event_log_default partition of events.event_log default;
comment on table events.event_log_default is 'Catches events of a month that has no partition yet.';
