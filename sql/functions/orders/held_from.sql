-- The status of an order before it was put on hold, and after its release. Without time to pay that is left, the order is paid.
create or replace function orders.held_from(
  p_unpaid_left interval
)
  returns text
  language sql
  immutable
  parallel safe
  return case when p_unpaid_left is null then 'processing' else 'pending' end;

grant execute on function orders.held_from(interval) to scoville_definer, admin, warehouse, sales, integration;
