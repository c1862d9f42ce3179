-- Keeps the answers of those elements that had an effect just now, so that a repeat of their key gets them again. In the
-- transaction of the effect itself.
create or replace function identity.keep_answers(
  p_region_id smallint,
  p_route text,
  p_requests jsonb,
  p_results api.result[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_kept integer;
begin
  insert into identity.idempotency_keys
    (region_id, principal, route, idempotency_key, fingerprint, answer, created_at)
  select p_region_id, k.principal, p_route, k.idempotency_key, k.fingerprint, r.body, app.now()
    from identity.read_keys(p_requests) k
    join pg_catalog.unnest(p_results) r on r.ordinal = k.ordinal and r.code is null and not r.replayed
   order by k.principal, k.idempotency_key
  on conflict on constraint idempotency_keys_pkey do nothing;
  -- check_keys holds the lock of each of these keys and found none of them: nothing can be in the way.
  get diagnostics v_kept = row_count;
  if v_kept <> (select count(*) from identity.read_keys(p_requests) k
                  join pg_catalog.unnest(p_results) r on r.ordinal = k.ordinal and r.code is null and not r.replayed) then
    raise exception using errcode = 'ID002', message = 'idempotency key in flight',
      detail = pg_catalog.json_build_object('detail', 'A request with this Idempotency-Key is in flight.')::text;
  end if;
end
$$;

grant execute on function identity.keep_answers(smallint, text, jsonb, api.result[]) to scoville_definer;
