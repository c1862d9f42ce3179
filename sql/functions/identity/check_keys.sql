-- The elements of a list that must not run, because their idempotency key has been seen: a repeat (returns the kept answer), the
-- same key with another payload (ID001), or a key that is in flight now (ID002), in this list or in another transaction.
-- Locks the keys of the other elements (advisory) until the transaction ends. The API numbers the elements of a list after its key and
-- U+001F, which no header contains: the lock is on the part before it, so a list of any length takes one.
-- Every command with keys begins here, so this function also refuses a region that is not the caller's.
create or replace function identity.check_keys(
  p_region_id smallint,
  p_route text,
  p_keys identity.key[]
)
  returns setof api.result
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_locked integer[];
begin
  perform app.check_region(p_region_id);
  if p_keys = '{}' then
    return;
  end if;
  -- A separate statement: the lookup below must see what the last holder of a lock committed.
  select array_agg(k.ordinal) into v_locked
    from (select distinct on (r.principal, r.idempotency_key) r.ordinal, r.principal, r.idempotency_key
            from unnest(p_keys) r
           order by r.principal, r.idempotency_key, r.ordinal) k
   where pg_try_advisory_xact_lock(hashtextextended(
           concat_ws(E'\x1f', p_region_id, k.principal, p_route, split_part(k.idempotency_key, E'\x1f', 1)), 0));
  return query
    select (k.result).*
      from (select case
                     when s.fingerprint is null then app.result_of(r.ordinal, app.refuse_lines(p_code => 'ID002',
                       p_detail => 'A request with this Idempotency-Key is in flight. Repeat it in a moment to get its answer.'))
                     when s.fingerprint <> r.fingerprint then app.result_of(r.ordinal, app.refuse_lines(p_code => 'ID001',
                       p_detail => 'This Idempotency-Key was used with another payload. Send a new key with a new request.'))
                     else app.new_result(p_ordinal => r.ordinal, p_body => s.answer, p_replayed => true)
                   end as result
              from unnest(p_keys) r
              -- One lookup by key per element, however many keys are kept: the limit keeps the planner from joining whole tables.
              left join lateral (
                select k.fingerprint, k.answer
                  from identity.idempotency_keys k
                 where k.region_id = p_region_id and k.principal = r.principal and k.route = p_route
                   and k.idempotency_key = r.idempotency_key
                 limit 1) s on true
             where s.fingerprint is not null or r.ordinal <> all (coalesce(v_locked, '{}'))
            offset 0) k;
end
$$;

grant execute on function identity.check_keys(smallint, text, identity.key[]) to scoville_definer;
