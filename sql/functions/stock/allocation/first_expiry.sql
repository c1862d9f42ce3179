-- The last day of sale of the first of these units that expires: of the lots from which a parcel would take them if it left first.
-- Null: they never expire.
create or replace function stock.first_expiry(
  p_region_id smallint,
  p_allocations stock.allocation[]
)
  returns date
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return (
    select min(nullif(l.expires_on, 'infinity'))
      from unnest(p_allocations) a
     cross join lateral stock.sellable_lots(p_region_id => p_region_id, p_warehouse_id => a.warehouse_id, p_sku_id => a.sku_id) l
     where a.warehouse_id is not null and l.expires_on >= coalesce((a.freshness ->> 'fresh_until')::date, '-infinity'));
end
$$;

grant execute on function stock.first_expiry(smallint, stock.allocation[]) to scoville_definer;
