-- Whether an order was sold already, at prices of its own and also of SKUs that are retired since: elsewhere (historic), or at a till that
-- was offline.
create or replace function orders.has_own_prices(
  p_order jsonb
)
  returns boolean
  language sql
  immutable
  parallel safe
  return coalesce((p_order ->> 'historic')::boolean, false)
      or coalesce((p_order #>> '{handed_over,offline}')::boolean, false);

grant execute on function orders.has_own_prices(jsonb) to scoville_definer;
