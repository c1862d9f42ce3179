-- Keeps the answers of the elements that had an effect, so that a repeat of their key gets them again. Runs in the transaction of
-- the effect.
create or replace function identity.keep_answers(
  p_region_id smallint,
  p_route text,
  p_keys identity.key[],
  p_results api.result[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_given integer;
  v_kept integer;
begin
  if p_keys = '{}' then
    return;
  end if;
  with given as (
    select k.principal, k.idempotency_key, k.fingerprint, r.body
      from unnest(p_keys) k
      join unnest(p_results) r on r.ordinal = k.ordinal and r.code is null and not r.replayed
  ), kept as (
    insert into identity.idempotency_keys
      (region_id, principal, route, idempotency_key, fingerprint, answer, created_at)
    select p_region_id, g.principal, p_route, g.idempotency_key, g.fingerprint, g.body, app.now()
      from given g
     order by g.principal, g.idempotency_key
    on conflict on constraint idempotency_keys_pkey do nothing
    returning 1
  )
  select (select count(*) from given), (select count(*) from kept) into v_given, v_kept;
  -- check_keys has locked each of these keys and found none of them kept, so no insert can conflict.
  if v_kept <> v_given then
    perform app.raise_refusal(app.refuse_lines(p_code => 'ID002',
      p_detail => 'A request with this Idempotency-Key is in flight.'));
  end if;
end
$$;

grant execute on function identity.keep_answers(smallint, text, identity.key[], api.result[]) to scoville_definer;
