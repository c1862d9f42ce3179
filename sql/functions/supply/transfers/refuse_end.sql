-- The refusal of what only the staff of one end of a transfer do. They see the transfer, so its ends are no secret.
create or replace function supply.refuse_end(
  p_warehouse_id text,
  p_what text
)
  returns api.refusal
  language sql
  immutable
  parallel safe
  return app.refuse('TR005', format('Only staff of %s %s, and that is not one of your warehouses.', p_warehouse_id, p_what));

grant execute on function supply.refuse_end(text, text) to scoville_definer;
