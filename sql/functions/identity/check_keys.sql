-- The elements of a list that must not run, because their idempotency key has been seen: a repeat (returns the kept answer), the
-- same key with another payload (ID001), or a key that is in flight now (ID002), in this list or in another transaction.
-- Locks the keys of the other elements (advisory) until the transaction ends.
-- Every command with keys begins here, so this function also refuses a region that is not the caller's.
create or replace function identity.check_keys(
  p_region_id smallint,
  p_keys identity.key[]
)
  returns api.result[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_locked integer[] := '{}';
  v_hashes bytea[] := '{}';
  v_is_new boolean;
begin
  perform app.check_region(p_region_id);
  if cardinality(p_keys) = 0 then
    return '{}';
  end if;
  for i in 1 .. cardinality(p_keys) loop
    if pg_try_advisory_xact_lock(p_keys[i].lock_no) then
      v_locked := v_locked || p_keys[i].ordinal;
    end if;
    v_hashes := v_hashes || p_keys[i].key_hash;
  end loop;
  -- A separate statement, because it must see what the last holder of a lock committed.
  v_is_new := not exists (
    select from identity.idempotency_keys k where k.region_id = p_region_id and k.key_hash = any (v_hashes));
  if cardinality(p_keys) > 1 then
    v_is_new := v_is_new and (select count(distinct h) from unnest(v_hashes) h) = cardinality(p_keys);
  end if;
  if v_is_new and cardinality(v_locked) = cardinality(p_keys) then
    return '{}';
  end if;
  return array(
    select case
             when s.fingerprint is null then app.result_of(r.ordinal, app.refuse_lines(p_code => 'ID002',
               p_detail => 'A request with this Idempotency-Key is in flight. Repeat it in a moment to get its answer.'))
             when s.fingerprint <> r.fingerprint then app.result_of(r.ordinal, app.refuse_lines(p_code => 'ID001',
               p_detail => 'This Idempotency-Key was used with another payload. Send a new key with a new request.'))
             else app.new_result(p_ordinal => r.ordinal, p_body => s.answer, p_replayed => true)
           end
      -- The first of equal keys in this list runs; the others are in flight.
      from (select k.*, row_number() over (partition by k.key_hash order by k.ordinal) as nth from unnest(p_keys) k) r
    -- One lookup by key per element, however many keys are kept: the limit keeps the planner from joining whole tables.
      left join lateral (
        select k.fingerprint, k.answer
          from identity.idempotency_keys k
         where k.region_id = p_region_id and k.key_hash = r.key_hash
         limit 1) s on true
     where s.fingerprint is not null or r.nth > 1 or r.ordinal <> all (v_locked));
end
$$;

grant execute on function identity.check_keys(smallint, identity.key[]) to scoville_definer;
