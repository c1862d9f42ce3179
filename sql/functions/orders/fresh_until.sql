-- Until when units that leave on p_ship_on must be sellable to keep a freshness rule: when they arrive there is as much time of sale left
-- as the rule says. A percentage is taken of the longest life of the SKU's lots, so it is a number of days, too, and one date says it for
-- all lots. If no lot tells when it was made, only units that never expire are sure to pass.
create or replace function orders.fresh_until(
  p_region_id smallint,
  p_sku_id text,
  p_rule jsonb,
  p_ship_on date
)
  returns date
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_days integer := p_rule ->> 'min_days';
begin
  if v_days is null then
    v_days := ceil((p_rule ->> 'min_percent')::integer * (
      select max(t.expiration_date - t.manufactured_on)
        from stock.lots t
       where t.region_id = p_region_id and t.sku_id = p_sku_id) / 100.0);
  end if;
  return coalesce(p_ship_on + (p_rule ->> 'transit_days')::integer + v_days, 'infinity'::date);
end
$$;

grant execute on function orders.fresh_until(smallint, text, jsonb, date) to scoville_definer;
