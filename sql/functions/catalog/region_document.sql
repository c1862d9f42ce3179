-- A region as JSON.
create or replace function catalog.region_document(
  p_region catalog.regions
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'region_id', p_region.region_id, 'name', p_region.name, 'time_zone', p_region.time_zone,
           'expiry_notice_days', p_region.expiry_notice_days, 'backdating_days_max', p_region.backdating_days_max,
           'version', p_region.version);
$$;

grant execute on function catalog.region_document(catalog.regions) to scoville_definer, admin, warehouse, sales, integration;
