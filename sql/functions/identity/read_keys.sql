-- The idempotency keys of a list of requests. Elements without a key are left out. A key belongs to the sender of its request and to
-- the route. The payload is digested without meta, as text: jsonb's own hash knows neither signs nor where an object ends.
-- The API numbers the elements of a list after its key and U+001F, which no header contains: lock_no is that of the part before it, so
-- a list of any length takes one lock.
create or replace function identity.read_keys(
  p_region_id smallint,
  p_route text,
  p_requests jsonb
)
  returns identity.key[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_keys identity.key[] := '{}';
  v_request jsonb;
  v_principal text;
  v_key text;
begin
  for i in 0 .. coalesce(jsonb_array_length(p_requests), 0) - 1 loop
    v_request := p_requests -> i;
    v_key := v_request #>> '{meta,idempotency_key}';
    continue when v_key is null;
    v_principal := coalesce(v_request #>> '{meta,actor}', app.claim_subject());
    v_keys := v_keys || identity.new_key(p_ordinal => i + 1,
      p_key_hash => substr(sha256(convert_to(jsonb_build_array(v_principal, p_route, v_key)::text, 'UTF8')), 1, 16),
      p_lock_no => hashtextextended(concat_ws(E'\x1f', p_region_id, v_principal, p_route, split_part(v_key, E'\x1f', 1)), 0),
      p_fingerprint => hashtextextended((v_request - 'meta')::text, 0));
  end loop;
  return v_keys;
end
$$;

grant execute on function identity.read_keys(smallint, text, jsonb) to scoville_definer;
