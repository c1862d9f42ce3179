-- The verified endpoints that have deliveries due and not yet queued.
-- The time is a parameter, because row-level security lets an index look up no expression as complex as the body of app.now().
create or replace function webhooks.waiting_endpoints(
  p_now timestamptz
)
  returns table (region_id smallint, endpoint_id bigint)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select p.region_id, p.endpoint_id
      from webhooks.endpoints p
      join webhooks.endpoint_states s
        on s.region_id = p.region_id and s.endpoint_id = p.endpoint_id and s.verified_at is not null
     cross join lateral (
       select from webhooks.deliveries d
        where d.region_id = p.region_id and d.endpoint_id = p.endpoint_id and d.status = 'pending' and d.due_at <= p_now
        order by d.due_at
        limit 1) d
     where p.active and p.disabled_at is null and p.deleted_at is null;
end
$$;

grant execute on function webhooks.waiting_endpoints(timestamptz) to scoville_definer;
