-- The promise of a new order about the units of a SKU, or null: {fresh_until, rule}. They leave on p_ship_on (today, or on the day of
-- their release).
create or replace function orders.promised_freshness(
  p_region_id smallint,
  p_channel_id text,
  p_customer_group text,
  p_sku_id text,
  p_ship_on date default null
)
  returns jsonb
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_rule jsonb := catalog.freshness_rule(p_channel_id => p_channel_id, p_customer_group => p_customer_group, p_sku_id => p_sku_id);
begin
  if v_rule is null then
    return null;
  end if;
  return jsonb_build_object('rule', catalog.freshness_rule_name(p_channel_id, v_rule), 'fresh_until',
    orders.fresh_until(p_region_id => p_region_id, p_sku_id => p_sku_id, p_rule => v_rule, p_ship_on =>
      coalesce(p_ship_on, greatest(app.today(p_region_id), (catalog.sale_rule(p_channel_id, p_sku_id)).ships_on))));
end
$$;

grant execute on function orders.promised_freshness(smallint, text, text, text, date) to scoville_definer;
