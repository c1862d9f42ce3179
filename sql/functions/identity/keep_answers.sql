-- Keeps the answers of the elements that had an effect, so that a repeat of their key gets them again. Runs in the transaction of
-- the effect. check_keys has locked each of these keys and found none of them kept, so none is there.
create or replace function identity.keep_answers(
  p_region_id smallint,
  p_keys identity.key[],
  p_results api.result[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_effects integer := 0;
  v_kept integer;
begin
  if cardinality(p_keys) > 0 then
    insert into identity.idempotency_keys (region_id, key_hash, fingerprint, answer, created_at)
    select p_region_id, k.key_hash, k.fingerprint, r.body, app.now()
      from unnest(p_keys) k
      join unnest(p_results) r on r.ordinal = k.ordinal and r.code is null and not r.replayed;
    get diagnostics v_kept = row_count;
    for i in 1 .. cardinality(p_results) loop
      v_effects := v_effects + (p_results[i].code is null and not p_results[i].replayed)::integer;
    end loop;
    if v_kept <> v_effects then  -- some elements have no key
      if v_kept <> (select count(*) from unnest(p_keys) k
                      join unnest(p_results) r on r.ordinal = k.ordinal and r.code is null and not r.replayed) then
        raise exception using errcode = 'internal_error', message = 'fewer answers were kept than given';
      end if;
    end if;
  end if;
end
$$;

grant execute on function identity.keep_answers(smallint, identity.key[], api.result[]) to scoville_definer;
