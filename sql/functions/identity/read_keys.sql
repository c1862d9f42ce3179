-- The idempotency keys of a list of requests: the sender of each, and a digest of its payload without meta. Elements without a
-- key are left out.
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
    select identity.new_key(
             p_ordinal => r.ordinality::integer,
             p_principal => coalesce(r.value -> 'meta' ->> 'actor', app.claim_subject()),
             p_idempotency_key => r.value -> 'meta' ->> 'idempotency_key',
             p_fingerprint => sha256(convert_to((r.value - 'meta')::text, 'UTF8')))
      from jsonb_array_elements(p_requests) with ordinality as r
     where r.value -> 'meta' ->> 'idempotency_key' is not null);
end
$$;

grant execute on function identity.read_keys(jsonb) to scoville_definer;
