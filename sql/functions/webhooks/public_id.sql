-- The public id. It contains the region, so a request that names a webhook also names its region.
create or replace function webhooks.public_id(
  p_region_id smallint,
  p_endpoint_id bigint
)
  returns text
  language sql
  immutable
  parallel safe
  return 'WHK-' || p_region_id::text || '-' || p_endpoint_id::text;

grant execute on function webhooks.public_id(smallint, bigint) to scoville_definer, admin, integration;
