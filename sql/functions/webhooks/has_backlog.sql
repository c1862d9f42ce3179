-- Whether more than half of the active, verified endpoints have more than p_max deliveries that are due and not queued; false if p_max is
-- null. A few slow endpoints are their own problem; if most lag, the worker is behind.
-- The time is a parameter, for the reason given in webhooks.waiting_endpoints.
create or replace function webhooks.has_backlog(
  p_max integer,
  p_now timestamptz
)
  returns boolean
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if p_max is null then
    return false;
  end if;
  return (
    select count(w.waits) * 2 > count(*)
      from webhooks.endpoints p
      join webhooks.endpoint_states s
        on s.region_id = p.region_id and s.endpoint_id = p.endpoint_id and s.verified_at is not null
      left join lateral (
        select true as waits
          from webhooks.deliveries d
         where d.region_id = p.region_id and d.endpoint_id = p.endpoint_id and d.status = 'pending' and d.due_at <= p_now
         order by d.due_at
        offset p_max
         limit 1) w on true
     where p.active and p.disabled_at is null and p.deleted_at is null);
end
$$;

grant execute on function webhooks.has_backlog(integer, timestamptz) to scoville_definer;
