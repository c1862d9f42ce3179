-- Webhooks: the events that each endpoint receives, and the outcome of each delivery. The dispatcher makes a delivery of every
-- event that an endpoint wants and may see. It puts due deliveries into the queue (pgmq), as ids only; the others wait here.
-- Delivery workers read the queue.

create sequence webhooks.endpoints_endpoint_id_seq start 1001;
create table webhooks.endpoints (
  region_id smallint not null,
  endpoint_id bigint not null default nextval('webhooks.endpoints_endpoint_id_seq'),
  url text not null,
  description text not null default '',
  event_types text[] not null default '{}',
  sku_ids text[] not null default '{}',
  warehouse_ids text[] not null default '{}',
  channel_ids text[] not null default '{}',
  rate_per_minute_max integer,
  requests_at_once_max integer not null default 10,
  active boolean not null default true,
  owner text not null,
  owner_role text not null,
  owner_channels text[] not null default '{}',
  from_seq bigint not null,
  previous_secret_expires_at timestamptz,
  disabled_at timestamptz,
  disabled_reason text,
  deleted_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  changed_by text not null,
  change_reason text,
  request_id text,
  constraint endpoints_pkey primary key (region_id, endpoint_id),
  constraint endpoints_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint endpoints_url_is_a_web_address_check check (url ~ '^https?://[^[:space:][:cntrl:]]+$' and length(url) <= 2048),
  constraint endpoints_rate_per_minute_max_is_within_range_check check (rate_per_minute_max between 1 and 60000),
  constraint endpoints_requests_at_once_max_is_within_range_check check (requests_at_once_max between 1 and 100),
  constraint endpoints_owner_role_is_known_check check (owner_role in ('admin', 'integration')),
  constraint endpoints_disabled_reason_is_known_check check (disabled_reason in ('gone', 'failing', 'unverified', 'unconfirmed')),
  constraint endpoints_disabled_for_a_reason_check check ((disabled_at is null) = (disabled_reason is null))
);
alter sequence webhooks.endpoints_endpoint_id_seq owned by webhooks.endpoints.endpoint_id;
comment on table webhooks.endpoints is
  'A URL that receives events, with its filters. An empty filter means all; an event passes a filter if it names one of its values.';
comment on column webhooks.endpoints.owner_channels is
  'The channels that an integration could see when it saved the endpoint. If the owner is an API client, its present scope counts instead.';
comment on column webhooks.endpoints.from_seq is 'Events up to this seq existed before the endpoint was active.';
comment on column webhooks.endpoints.disabled_at is
  'When the endpoint was disabled: it answered 410 (gone), no delivery succeeded for five days (failing), its URL did not answer the '
  'challenge for three days (unverified), or its owner was not heard of for too long (unconfirmed). The owner sets active; an '
  'endpoint needs active, and no disabled_at.';
create index endpoints_owner_idx on webhooks.endpoints (owner) where deleted_at is null;

create table webhooks.secrets (
  region_id smallint not null,
  endpoint_id bigint not null,
  secret_no integer not null,
  secret text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  constraint secrets_pkey primary key (region_id, endpoint_id, secret_no),
  constraint secrets_region_id_endpoint_id_fkey foreign key (region_id, endpoint_id)
    references webhooks.endpoints (region_id, endpoint_id) on delete restrict,
  constraint secrets_secret_is_of_the_standard_check check (secret ~ '^whsec_[A-Za-z0-9+/]{32,86}={0,2}$')
);
comment on table webhooks.secrets is
  'Signing keys in the clear, because signing needs them. Only the definer reads this table. Two keys are live until the older one '
  'expires.';

create table webhooks.endpoint_states (
  region_id smallint not null,
  endpoint_id bigint not null,
  owner text not null,
  requests_at_once integer not null default 2,
  failures_in_row integer not null default 0,
  failing_since_at timestamptz,
  pauses_in_row integer not null default 0,
  paused_until_at timestamptz,
  paced_until_at timestamptz,
  verified_at timestamptz,
  challenges integer not null default 0,
  challenged_at timestamptz,
  challenge_due_at timestamptz,
  challenge_failure text,
  confirmed_at timestamptz not null default now(),
  replayed integer not null default 0,
  replayed_from_at timestamptz,
  constraint endpoint_states_pkey primary key (region_id, endpoint_id),
  constraint endpoint_states_region_id_endpoint_id_fkey foreign key (region_id, endpoint_id)
    references webhooks.endpoints (region_id, endpoint_id) on delete restrict,
  constraint endpoint_states_requests_at_once_is_positive_check check (requests_at_once > 0)
) with (fillfactor = 50);
comment on table webhooks.endpoint_states is
  'The health of an endpoint. A session locks this row before it queues deliveries of the endpoint.';
comment on column webhooks.endpoint_states.requests_at_once is
  'How many deliveries may be queued or under way: few at first and after failures, then up to the endpoint''s own limit. '
  'So an endpoint that hangs delays only its own deliveries.';
comment on column webhooks.endpoint_states.paused_until_at is
  'Nothing is sent until then, after failures in a row or because the endpoint asked for it (Retry-After). Then one delivery tries.';
comment on column webhooks.endpoint_states.verified_at is
  'When the URL answered the challenge, which proves that it wants the events. Until then nothing else is sent to it.';
comment on column webhooks.endpoint_states.challenge_due_at is 'When the next challenge is sent; null: verified, or given up.';
comment on column webhooks.endpoint_states.challenge_failure is 'What was wrong with the last answer to a challenge.';
comment on column webhooks.endpoint_states.confirmed_at is
  'The owner''s last command about the endpoint, which shows that the owner still has a valid token.';
comment on column webhooks.endpoint_states.replayed is 'Deliveries that were sent again at the owner''s request in the hour from replayed_from_at.';
comment on column webhooks.endpoint_states.paced_until_at is
  'When the rate limit has room for the next delivery (the theoretical arrival time of the generic cell rate algorithm).';
create index endpoint_states_challenge_due_at_idx on webhooks.endpoint_states (challenge_due_at) where challenge_due_at is not null;
create index endpoint_states_owner_idx on webhooks.endpoint_states (owner);

create table webhooks.deliveries (
  region_id smallint not null,
  endpoint_id bigint not null,
  delivery_id bigint not null,
  owner text not null,
  event_id text not null,
  type text not null,
  subject text not null,
  recorded_at timestamptz not null,
  status text not null,
  due_at timestamptz not null,
  attempts integer not null default 0,
  failures integer not null default 0,
  solo_starts integer not null default 0,
  created_at timestamptz not null,
  finished_at timestamptz,
  constraint deliveries_pkey primary key (region_id, endpoint_id, delivery_id),
  constraint deliveries_status_is_known_check
    check (status in ('pending', 'queued', 'delivered', 'failed', 'canceled', 'quarantined')),
  constraint deliveries_finished_when_it_ended_check check ((status in ('pending', 'queued')) = (finished_at is null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
comment on table webhooks.deliveries is
  'One event for one endpoint. delivery_id is the seq of the event, so an endpoint cannot have an event twice. No foreign key: a delivery '
  'is made from the row of its endpoint, which is never deleted.';
comment on column webhooks.deliveries.recorded_at is 'When the event was recorded. With the seq, it finds the event in the log.';
comment on column webhooks.deliveries.attempts is 'All attempts so far.';
comment on column webhooks.deliveries.failures is 'Failed attempts since the delivery was made, or made pending again.';
comment on column webhooks.deliveries.solo_starts is
  'How often it was sent alone, because workers never reported on its message while it was sent beside others. Each report '
  'resets it.';
create index deliveries_pending_due_at_idx on webhooks.deliveries (region_id, endpoint_id, due_at, delivery_id)
  where status = 'pending';
create index deliveries_queued_idx on webhooks.deliveries (region_id, endpoint_id) where status = 'queued';

create table webhooks.attempts (
  region_id smallint not null,
  endpoint_id bigint not null,
  delivery_id bigint not null,
  attempt_no integer not null,
  owner text not null,
  started_at timestamptz not null,
  duration_ms integer not null,
  status_code integer,
  error text,
  response text not null default '',
  constraint attempts_pkey primary key (region_id, endpoint_id, delivery_id, attempt_no),
  constraint attempts_response_is_short_check check (length(response) <= 1024)
);
comment on table webhooks.attempts is
  'One request and its outcome: a status code and the beginning of the answer, or an error. No foreign key: it is written and '
  'deleted together with its delivery.';

create table webhooks.dispatchers (
  dispatcher_id smallint not null default 1,
  last_seq bigint not null default 0,
  constraint dispatchers_pkey primary key (dispatcher_id),
  constraint dispatchers_has_one_row_check check (dispatcher_id = 1)
) with (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200, vacuum_truncate = false);
comment on table webhooks.dispatchers is
  'One row: the seq of the event log up to which deliveries have been made. The session that holds its lock is the dispatcher.';

insert into webhooks.dispatchers (last_seq) values (0);
