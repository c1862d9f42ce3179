-- The endpoint that an id names, or null. Finds only endpoints that the caller may see and that were not deleted.
create or replace function webhooks.find_endpoint(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select p.endpoint_id
    from webhooks.endpoints p
   where p.region_id = p_region_id
     and p.endpoint_id = case when p_id ~ '^WHK-[0-9]{1,5}-[0-9]{1,18}$' then split_part(p_id, '-', 3)::bigint end
     and p_id = webhooks.public_id(p.region_id, p.endpoint_id)
     and p.deleted_at is null;
$$;

grant execute on function webhooks.find_endpoint(smallint, text) to scoville_definer, admin, integration;
