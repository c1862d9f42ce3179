-- The refusal to put returned units back or to send them on, or null. Units of which nobody can read the lot are only scrapped: no recall
-- would find them. Units of a lot that can be sold go back on the shelf if some promise about the time of sale is kept, or by force.
create or replace function orders.refuse_disposition(
  p_region_id smallint,
  p_withholding stock.withholdings,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_lot stock.lots;
begin
  select t.* into v_lot from stock.lots t where t.region_id = p_region_id and t.lot_id = p_withholding.lot_id;
  if v_lot.batch_key = stock.unknown_lot_key() then
    return app.refuse(p_code => 'RT005', p_pointer => '/disposition',
      p_detail => 'Nobody can read the lot of these units, and a recall would not find them. They can only be scrapped.');
  elsif p_request ->> 'disposition' = 'restock' and v_lot.status = 'available' and not coalesce((p_request ->> 'force')::boolean, false)
        and coalesce(v_lot.expiration_date, 'infinity') >= app.today(p_region_id) then
    return orders.refuse_short_life(p_region_id => p_region_id, p_sku_id => p_withholding.sku_id, p_lot_id => p_withholding.lot_id);
  end if;
  return null;
end
$$;

grant execute on function orders.refuse_disposition(smallint, stock.withholdings, jsonb) to scoville_definer;
