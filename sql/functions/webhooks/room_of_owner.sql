-- How many more deliveries of an owner may be queued now, over all its endpoints; null: no limit, because no other owner has an
-- active, verified endpoint.
create or replace function webhooks.room_of_owner(
  p_owner text
)
  returns integer
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_queued_max constant integer := 100;
begin
  if not exists (
       select from webhooks.endpoints o
         join webhooks.endpoint_states s on s.region_id = o.region_id and s.endpoint_id = o.endpoint_id
        where o.owner <> p_owner and s.verified_at is not null
          and o.active and o.disabled_at is null and o.deleted_at is null) then
    return null;
  end if;
  return (
    select greatest(0, c_queued_max - count(*))
      from webhooks.endpoints o
      join webhooks.deliveries d on d.region_id = o.region_id and d.endpoint_id = o.endpoint_id and d.status = 'queued'
     where o.owner = p_owner and o.deleted_at is null);
end
$$;

grant execute on function webhooks.room_of_owner(text) to scoville_definer;
