-- Definer: the worker may not write to tables; this function releases expired reservations.
-- Releases reservations that have expired, at most p_limit per call, and returns the number.
-- Lock order: the stock_levels of those reservations in key order, then the reservations.
create or replace function jobs.expire_reservations(
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
  v_expired bigint[];
begin
  select array_agg(s.reservation_id) into v_expired
    from (select r.reservation_id
            from stock.reservations r
           where r.region_id = p_region_id and r.status = 'active' and r.expires_at <= app.now()
           order by r.expires_at
           limit p_limit) s;
  if v_expired is null then
    return 0;
  end if;
  perform stock.lock_reservation_levels(p_region_id, v_expired);
  return stock.end_reservations(p_region_id => p_region_id, p_reservation_ids => v_expired, p_status => 'expired',
    p_actor => 'system');
end
$$;

alter function jobs.expire_reservations(smallint, integer) owner to scoville_definer;
grant execute on function jobs.expire_reservations(smallint, integer) to scoville_worker;
