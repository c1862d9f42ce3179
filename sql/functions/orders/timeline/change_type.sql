-- The kind of change that a row of the audit of an order records. A cancellation is known by its effect: its reason is the caller's own.
create or replace function orders.change_type(
  p_action text,
  p_reason text,
  p_new jsonb
)
  returns text
  language sql
  immutable
  parallel safe
  return case
    when p_action = 'insert' then 'placed'
    when p_new ->> 'status' = 'canceled' or p_new ->> 'status' = 'completed' and p_new ? 'status_changed_at' then 'canceled'
    when p_reason = 'fulfilled' then 'shipped'
    when p_reason = 'parcel canceled' then 'parcel_undone'
    when p_reason = 'parcel corrected' then 'parcel_corrected'
    when split_part(p_reason, ': ', 1) in ('confirmed', 'held', 'released', 'supplied', 'reallocated', 'backordered', 'erased')
      then split_part(p_reason, ': ', 1)
    else 'modified' end;

grant execute on function orders.change_type(text, text, jsonb) to scoville_definer;
