-- The effective status of a reservation: from expires_at on it is expired, whether the worker has swept it or not.
create or replace function stock.reservation_status(
  p_status text,
  p_expires_at timestamptz,
  p_now timestamptz
)
  returns text
  language sql
  immutable
  parallel safe
  return case when p_status = 'active' and p_expires_at <= p_now then 'expired' else p_status end;

grant execute on function stock.reservation_status(text, timestamptz, timestamptz) to scoville_definer, admin, sales, integration;
