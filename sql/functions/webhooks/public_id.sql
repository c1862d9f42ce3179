-- The id that the world sees: it carries the region, so a request that names a webhook says where it belongs.
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
