-- When the goods of a receipt came: occurred_at, or the beginning of the day received_on in the time zone of the warehouse; null: now,
-- as for a receipt of today. A clock that is some minutes ahead does not book into the future.
create or replace function stock.came_at(
  p_receipt jsonb,
  p_time_zone text
)
  returns timestamptz
  language sql
  stable
  parallel safe
  return case
    when p_receipt ->> 'occurred_at' is not null then least((p_receipt ->> 'occurred_at')::timestamptz, app.now())
    when (p_receipt ->> 'received_on')::date < timezone(p_time_zone, app.now())::date
      then app.day_begins_at((p_receipt ->> 'received_on')::date, p_time_zone)
  end;

grant execute on function stock.came_at(jsonb, text) to scoville_definer;
