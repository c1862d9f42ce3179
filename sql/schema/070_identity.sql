create table identity.clients (
  client_id text collate "C" not null,
  name text not null,
  role text not null,
  region_id smallint not null,
  warehouses text[] not null default '{}',
  channels text[] not null default '{}',
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint clients_pkey primary key (client_id),
  constraint clients_region_id_fkey foreign key (region_id) references catalog.regions (region_id) on delete restrict,
  constraint clients_role_is_known_check check (role in ('admin', 'warehouse', 'sales', 'integration'))
);
comment on table identity.clients is 'A program or person that may ask for tokens, with the role and scope that the tokens carry.';
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
  constraint client_secrets_two_at_a_time_check check (secret_no in (1, 2))
);
comment on table identity.client_secrets is 'Hashes of at most two live secrets, so that one can be rotated without a pause.';

create table identity.idempotency_keys (
  region_id smallint not null,
  principal text not null,
  route text not null,
  idempotency_key text not null,
  fingerprint bytea not null,
  answer json not null,
  created_at timestamptz not null,
  constraint idempotency_keys_pkey primary key (region_id, principal, route, idempotency_key)
);
comment on table identity.idempotency_keys is
  'The answer to every request that had an effect, kept for a day: a repeat gets it again and does nothing. Refusals are not '
  'kept: they had no effect, so a repeat is simply decided again.';
create index idempotency_keys_created_at_idx on identity.idempotency_keys (region_id, created_at);
