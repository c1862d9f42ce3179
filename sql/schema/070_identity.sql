create table identity.clients (
  client_id text collate "C" not null,
  name text not null,
  role text not null,
  region_id smallint not null,
  warehouses text[] not null default '{}',
  channels text[] not null default '{}',
  active boolean not null default true,
  grant_no integer not null default 1,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint clients_pkey primary key (client_id),
  constraint clients_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint clients_client_id_is_a_code_check check (client_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint clients_name_is_not_empty_check check (name <> ''),
  constraint clients_role_is_known_check check (role in ('admin', 'warehouse', 'sales', 'integration')),
  constraint clients_only_warehouse_staff_is_bound_to_warehouses_check check ((role = 'warehouse') = (warehouses <> '{}')),
  constraint clients_only_sellers_are_bound_to_channels_check check ((role in ('sales', 'integration')) = (channels <> '{}'))
);
comment on table identity.clients is 'A program or person that may ask for tokens, with the role and scope that the tokens carry.';
comment on column identity.clients.grant_no is
  'Counts the changes of the client''s rights. A token carries the number at its time of issue and is invalid once the number differs.';
create index clients_region_id_idx on identity.clients (region_id);

create table identity.client_secrets (
  client_id text collate "C" not null,
  secret_no smallint not null,
  secret_hash bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  constraint client_secrets_pkey primary key (client_id, secret_no),
  constraint client_secrets_client_id_fkey foreign key (client_id)
    references identity.clients (client_id) on delete restrict,
  constraint client_secrets_two_at_a_time_check check (secret_no in (1, 2)),
  constraint client_secrets_secret_hash_is_a_sha256_check check (length(secret_hash) = 32)
);
comment on table identity.client_secrets is
  'Hashes of at most two live secrets, so that one can be rotated without a pause. The current one does not expire.';

create table identity.idempotency_keys (
  region_id smallint not null,
  key_hash bytea not null,
  fingerprint bigint not null,
  answer json not null,
  created_at timestamptz not null,
  constraint idempotency_keys_pkey primary key (region_id, key_hash)
);
comment on table identity.idempotency_keys is
  'The answer to every request that had an effect, kept for a day: a repeat gets it again and does nothing. Refusals are not '
  'kept: they had no effect, so a repeat is decided again.';
comment on column identity.idempotency_keys.key_hash is
  'Of sender, route and Idempotency-Key (identity.read_keys): 16 bytes, so that a list of keys is looked up by one index scan.';
create index idempotency_keys_created_at_idx on identity.idempotency_keys (region_id, created_at);

-- Passed between functions; never stored.
create type identity.key as (
  ordinal integer,
  key_hash bytea,
  lock_no bigint,
  fingerprint bigint
);
comment on type identity.key is
  'The idempotency key of one element of a list: the hash under which its answer is kept, the number of its advisory lock, and a '
  'digest of its payload. Made by identity.new_key.';

create table identity.socket_tickets (
  ticket_hash bytea not null,
  role text not null,
  subject text not null,
  region_id smallint not null,
  warehouses text[] not null,
  channels text[] not null,
  session json not null,
  expires_at timestamptz not null,
  constraint socket_tickets_pkey primary key (ticket_hash),
  constraint socket_tickets_ticket_hash_is_a_sha256_check check (length(ticket_hash) = 32),
  constraint socket_tickets_role_is_known_check check (role in ('admin', 'warehouse', 'sales', 'integration'))
);
comment on table identity.socket_tickets is
  'A ticket opens a WebSocket once, within half a minute, in place of a token: a browser cannot send a header with the handshake, '
  'and a token does not belong in a URL. Only the hash is stored. session is for the API: the end of the token, and its client.';
create index socket_tickets_expires_at_idx on identity.socket_tickets (expires_at);

create table identity.pseudonym_keys (
  key_id smallint not null default 1,
  secret bytea not null,
  constraint pseudonym_keys_pkey primary key (key_id),
  constraint pseudonym_keys_has_one_row_check check (key_id = 1),
  constraint pseudonym_keys_secret_has_32_bytes_check check (length(secret) = 32)
);
comment on table identity.pseudonym_keys is
  'The key of orders.pseudonym(), made at random with the database. Without it nobody can test which name a pseudonym stands for.';
insert into identity.pseudonym_keys (secret)
values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

create table identity.bi_logins (
  login text collate "C" not null,
  warehouse_ids text[] not null default '{}',
  created_at timestamptz not null default now(),
  constraint bi_logins_pkey primary key (login)
);
comment on table identity.bi_logins is
  'Logins of analysts, made by `scoville bi add-user`. warehouse_ids limits the stock and orders that a login sees. A login without '
  'warehouses sees everything, through its role bi_reader_all.';

create unlogged table identity.request_windows (
  principal text collate "C" not null,
  kind text not null,
  window_no bigint not null,
  taken integer not null,
  constraint request_windows_pkey primary key (principal, kind),
  constraint request_windows_kind_is_known_check check (kind in ('read', 'write'))
) with (fillfactor = 70);
comment on table identity.request_windows is
  'The requests of a caller that processes of the API have leased in the present time window. Unlogged: after a crash counting '
  'starts again, and nothing else is lost.';
