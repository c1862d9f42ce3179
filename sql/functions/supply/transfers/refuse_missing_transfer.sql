-- The refusal of an ID that names no transfer of the caller's.
create or replace function supply.refuse_missing_transfer(
  p_id text
)
  returns api.refusal
  language sql
  immutable
  parallel safe
  return app.refuse('TR001', format('Transfer %s does not exist, or neither of its warehouses is yours.', p_id));

grant execute on function supply.refuse_missing_transfer(text) to scoville_definer, admin, warehouse;
