-- Definer: no role may read or delete idempotency keys.
-- Deletes idempotency keys older than a day, at most p_limit per call, and returns the number.
create or replace function jobs.clean_up(
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_before timestamptz := app.now() - interval '24 hours';
  v_region smallint;
  v_deleted integer;
  v_total integer := 0;
begin
  for v_region in select r.region_id from catalog.regions r order by 1 loop
    delete from identity.idempotency_keys k
     where k.region_id = v_region
       and k.key_hash in (
         select o.key_hash
           from identity.idempotency_keys o
          where o.region_id = v_region and o.created_at < v_before
          order by o.created_at
          limit p_limit);
    get diagnostics v_deleted = row_count;
    v_total := v_total + v_deleted;
  end loop;
  return v_total;
end
$$;

alter function jobs.clean_up(integer) owner to scoville_definer;
grant execute on function jobs.clean_up(integer) to scoville_worker;
