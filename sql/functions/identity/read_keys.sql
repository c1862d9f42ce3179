-- The idempotency keys of a batch: who sent which, and a digest of the payload without its meta. Elements without a key have none.
create or replace function identity.read_keys(
  p_requests jsonb
)
  returns identity.key[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select row(r.ordinality::integer,
               coalesce(r.value -> 'meta' ->> 'actor', app.claim_subject()),
               r.value -> 'meta' ->> 'idempotency_key',
               sha256(convert_to((r.value - 'meta')::text, 'UTF8')))::identity.key
      from jsonb_array_elements(p_requests) with ordinality as r
     where r.value -> 'meta' ->> 'idempotency_key' is not null);
end
$$;

grant execute on function identity.read_keys(jsonb) to scoville_definer;
