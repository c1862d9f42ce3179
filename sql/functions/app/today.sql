-- The calendar day of a region. The day of a warehouse, which may have a time zone of its own, comes from catalog.zones().
create or replace function app.today(
  p_region_id smallint
)
  returns date
  language sql
  stable
  return (
    select (app.now() at time zone r.time_zone)::date
      from catalog.regions r
     where r.region_id = p_region_id
  );

grant execute on function app.today(smallint) to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
