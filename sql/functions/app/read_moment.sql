-- The moment that a filter names: a date-time, or a date, which begins at midnight in the time zone of the region.
create or replace function app.read_moment(
  p_region_id smallint,
  p_text text
)
  returns timestamptz
  language sql
  stable
  set search_path = ''
as $$
  select case when p_text ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then (
      select app.day_begins_at(p_text::date, r.time_zone) from catalog.regions r where r.region_id = p_region_id)
    else p_text::timestamptz end;
$$;

grant execute on function app.read_moment(smallint, text) to admin, warehouse, sales, integration;
