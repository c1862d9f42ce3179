-- A locked level that may serve a demand.
create or replace function stock.new_candidate(
  p_warehouse_id text default null,
  p_sku_id text default null,
  p_available integer default null,
  p_in_debt boolean default null,
  p_next_expiry_at timestamptz default null
)
  returns stock.candidate
  language sql
  immutable
  parallel safe
  return row(p_warehouse_id, p_sku_id, p_available, p_in_debt, p_next_expiry_at)::stock.candidate;

grant execute on function stock.new_candidate(text, text, integer, boolean, timestamptz) to scoville_definer;
