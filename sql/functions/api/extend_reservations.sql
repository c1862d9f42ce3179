-- Definer: no role may write to a table; this function makes a reservation last longer, or shorter. Changes no quantity.
create or replace function api.extend_reservations(
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
  select r.* from stock.change_reservations(p_region_id => p_region_id, p_route => 'extend_reservations',
                      p_requests => p_requests) r;
$$;

comment on function api.extend_reservations(smallint, jsonb) is
  'Sets the expiry of reservations: ttl_seconds from now, or expires_at, at most 24 hours ahead. An array of {reservation_id, '
  'ttl_seconds, expires_at, if_match}; one result per element, in order. Only for the owner or an admin.
Errors: ID001 ID002 RV001 RV002 RV003 ST009 VA001';
alter function api.extend_reservations(smallint, jsonb) owner to scoville_definer;
grant execute on function api.extend_reservations(smallint, jsonb) to admin, sales, integration;
