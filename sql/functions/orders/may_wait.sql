-- Whether p_units of the nth demand may wait for stock: a rule of the channel allows it, and its limit has room for them beside what
-- waits already and what p_decided, the decisions so far, lets wait. Other orders of the SKU through this channel cannot come between:
-- they lock the same levels (a decision before one of these exists is made again, see orders.allocate_or_wait).
create or replace function orders.may_wait(
  p_region_id smallint,
  p_demands stock.demand[],
  p_nth integer,
  p_units bigint,
  p_decided stock.allocation[]
)
  returns boolean
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_demand stock.demand := p_demands[p_nth];
  v_rule catalog.sale_rules := catalog.sale_rule(v_demand.channel_id, v_demand.sku_id);
  v_waiting bigint;
begin
  if v_demand.freshness ->> 'fresh_until' = 'infinity' then
    return false;  -- no unit that expires would ever do
  end if;
  if coalesce(v_rule.mode, 'refuse') = 'refuse' or v_rule.units_max is null then
    return coalesce(v_rule.mode, 'refuse') <> 'refuse';
  end if;
  v_waiting := (
    select coalesce(sum(b.quantity), 0)
      from orders.backorders b
     where b.region_id = p_region_id and b.sku_id = v_demand.sku_id and b.channel_id = v_demand.channel_id)
  + (
    select coalesce(sum(a.quantity), 0)
      from unnest(p_decided) a
      join unnest(p_demands) d on d.ordinal = a.ordinal and d.sku_id = a.sku_id and d.channel_id = v_demand.channel_id
     where a.waits and a.sku_id = v_demand.sku_id);
  return v_waiting + p_units <= v_rule.units_max;
end
$$;

grant execute on function orders.may_wait(smallint, stock.demand[], integer, bigint, stock.allocation[]) to scoville_definer;
