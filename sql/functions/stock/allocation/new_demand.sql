-- The units of one SKU that one order or reservation wants.
create or replace function stock.new_demand(
  p_ordinal integer default null,
  p_sku_id text default null,
  p_channel_id text default null,
  p_quantity integer default null,
  p_reservation_id bigint default null,
  p_freshness jsonb default null
)
  returns stock.demand
  language sql
  immutable
  parallel safe
  return row(p_ordinal, p_sku_id, p_channel_id, p_quantity, p_reservation_id, p_freshness)::stock.demand;

grant execute on function stock.new_demand(integer, text, text, integer, bigint, jsonb) to scoville_definer;
