-- The effective status of a lot. The day of expiry is the last day of sale.
create or replace function stock.lot_status(
  p_status text,
  p_expiration_date date,
  p_today date
)
  returns text
  language sql
  immutable
  parallel safe
  return case when p_status = 'available' and p_expiration_date < p_today then 'expired' else p_status end;

grant execute on function stock.lot_status(text, date, date) to scoville_definer, admin, warehouse, sales, integration, scoville_worker, bi_reader;
