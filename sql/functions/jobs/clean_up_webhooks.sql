-- Definer: the worker may not write to tables; this function deletes old deliveries and cancels those without a live endpoint.
-- Cancels waiting deliveries of deleted or given-up endpoints. Deletes deliveries that ended a month ago (with their attempts) and
-- expired keys. At most p_limit rows per kind, endpoint and call; returns the number.
create or replace function jobs.clean_up_webhooks(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_before timestamptz := app.now() - interval '30 days';
  v_endpoint record;
  v_old bigint[];
  v_done integer;
  v_total integer := 0;
begin
  delete from webhooks.secrets s where s.region_id = p_region_id and s.expires_at < app.now();
  get diagnostics v_total = row_count;
  for v_endpoint in
    select p.endpoint_id, p.deleted_at is not null or p.disabled_at is not null as ended
      from webhooks.endpoints p
     where p.region_id = p_region_id
     order by p.endpoint_id
  loop
    if v_endpoint.ended then
      update webhooks.deliveries d
         set status = 'canceled', finished_at = app.now()
       where d.region_id = p_region_id and d.endpoint_id = v_endpoint.endpoint_id and d.status = 'pending'
         and d.delivery_id in (
           select w.delivery_id
             from webhooks.deliveries w
            where w.region_id = p_region_id and w.endpoint_id = v_endpoint.endpoint_id and w.status = 'pending'
            limit p_limit);
      get diagnostics v_done = row_count;
      v_total := v_total + v_done;
    end if;
    -- Only among the oldest: a search for more would read all kept rows on each call.
    v_old := array(
      select o.delivery_id
        from (select d.delivery_id, d.finished_at
                from webhooks.deliveries d
               where d.region_id = p_region_id and d.endpoint_id = v_endpoint.endpoint_id
               order by d.delivery_id
               limit p_limit) o
       where o.finished_at < v_before);
    delete from webhooks.attempts a
     where a.region_id = p_region_id and a.endpoint_id = v_endpoint.endpoint_id and a.delivery_id = any (v_old);
    delete from webhooks.deliveries d
     where d.region_id = p_region_id and d.endpoint_id = v_endpoint.endpoint_id and d.delivery_id = any (v_old);
    v_total := v_total + cardinality(v_old);
  end loop;
  return v_total;
end
$$;

alter function jobs.clean_up_webhooks(smallint, integer) owner to scoville_definer;
grant execute on function jobs.clean_up_webhooks(smallint, integer) to scoville_worker;
