-- The first moment of a day in a time zone. Where the clocks go back over midnight, 00:00 comes twice: PostgreSQL takes the second,
-- but the first is of this day too.
create or replace function app.day_begins_at(
  p_day date,
  p_time_zone text
)
  returns timestamptz
  language sql
  stable
  parallel safe
  return timezone(p_time_zone, p_day::timestamp) - case
    when timezone(p_time_zone, timezone(p_time_zone, p_day::timestamp) - interval '1 hour')::date = p_day then interval '1 hour'
    else interval '0' end;

grant execute on function app.day_begins_at(date, text)
  to scoville_definer, admin, warehouse, sales, integration, scoville_worker, bi_reader;
