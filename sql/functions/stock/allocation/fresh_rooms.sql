-- How many units with the promise of this demand the levels of p_levels (numbers in p_candidates) can still serve, each. Of the units that can
-- still be sold on a day there must be as many as promises of that day or a later one; so a new promise has room on its own day and on
-- every earlier day of a promise there (stock.fresh_room). Promises without a day need only any unit, and are counted as such elsewhere.
-- p_decided: promises that are not written yet. p_except: orders that are over, although nobody has canceled them yet.
create or replace function stock.fresh_rooms(
  p_region_id smallint,
  p_demand stock.demand,
  p_candidates stock.candidate[],
  p_levels integer[],
  p_decided stock.allocation[] default '{}',
  p_except bigint[] default '{}'
)
  returns bigint[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select greatest(0, stock.fresh_room(p_region_id => p_region_id, p_warehouse_id => c.warehouse_id, p_sku_id => p_demand.sku_id,
             p_fresh_until => (p_demand.freshness ->> 'fresh_until')::date, p_decided => p_decided, p_except => p_except))
      from unnest(p_levels) with ordinality n (level)
     cross join lateral (select p_candidates[n.level].warehouse_id) c
     order by n.ordinality);
end
$$;

grant execute on function stock.fresh_rooms(smallint, stock.demand, stock.candidate[], integer[], stock.allocation[], bigint[])
  to scoville_definer;
