-- Definer: no role may write to a table; this function releases reserved units. May be repeated: a reservation that is already
-- released or expired is returned as it is.
create or replace function api.release_reservations(
  p_region_id smallint,
  p_requests jsonb
)
  returns setof api.result
  language sql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
  select r.* from stock.change_reservations(p_region_id => p_region_id, p_route => 'release_reservations',
                      p_requests => p_requests) r;
$$;

comment on function api.release_reservations(smallint, jsonb) is
  'Ends reservations: their units become available. An array of {reservation_id, if_match}; one result per element, in order. '
  'Only for the owner or an admin.
Errors: ID001 ID002 RV001 RV002 RV003 ST009 VA001';
alter function api.release_reservations(smallint, jsonb) owner to scoville_definer;
grant execute on function api.release_reservations(smallint, jsonb) to admin, sales, integration;
