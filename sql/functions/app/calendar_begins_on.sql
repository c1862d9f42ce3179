-- The first day of bi.dim_date. Nothing is dated before it.
create or replace function app.calendar_begins_on()
  returns date
  language sql
  immutable
  parallel safe
  return date '2015-01-01';

grant execute on function app.calendar_begins_on() to scoville_definer, bi_reader;
