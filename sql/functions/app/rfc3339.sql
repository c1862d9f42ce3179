-- A timestamp in the form that documents use: UTC, milliseconds.
create or replace function app.rfc3339(
  p_at timestamptz
)
  returns text
  language sql
  stable
  parallel safe
  return to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');

grant execute on function app.rfc3339(timestamptz) to scoville_definer, admin, warehouse, sales, integration, scoville_worker;
