-- The idempotency keys of a batch: who sent which, and a digest of the payload without its meta.
create or replace function identity.read_keys(
  p_requests jsonb
)
  returns table (ordinal integer, principal text, idempotency_key text, fingerprint bytea)
  language sql
  stable
  set search_path = ''
as $$
  select r.ordinality::integer,
         coalesce(r.value -> 'meta' ->> 'actor', app.claim_subject()),
         r.value -> 'meta' ->> 'idempotency_key',
         pg_catalog.sha256(pg_catalog.convert_to((r.value - 'meta')::text, 'UTF8'))
    from pg_catalog.jsonb_array_elements(p_requests) with ordinality as r
   where r.value -> 'meta' ->> 'idempotency_key' is not null;
$$;

grant execute on function identity.read_keys(jsonb) to scoville_definer;
