-- The promise of a new order about the units of a SKU, or null: {fresh_until, rule}. They leave on p_ship_on (today, or on the day of
-- their release), and when
-- they arrive there is as much time of sale left as the rule says. A percentage is taken of the longest life of the SKU's lots, so it is a
-- number of days, too, and one date says it for all lots. If no lot tells when it was made, only units that never expire are sure to pass.
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
  v_days integer := v_rule ->> 'min_days';
begin
  if v_rule is null then
    return null;
  elsif v_days is null then
    v_days := ceil((v_rule ->> 'min_percent')::integer * (
      select max(t.expiration_date - t.manufactured_on)
        from stock.lots t
       where t.region_id = p_region_id and t.sku_id = p_sku_id) / 100.0);
  end if;
  return jsonb_build_object('rule', catalog.freshness_rule_name(p_channel_id, v_rule), 'fresh_until',
    coalesce(coalesce(p_ship_on, greatest(app.today(p_region_id), (catalog.sale_rule(p_channel_id, p_sku_id)).ships_on)) + (v_rule ->> 'transit_days')::integer + v_days, 'infinity'::date));
end
$$;

grant execute on function orders.promised_freshness(smallint, text, text, text, date) to scoville_definer;
