-- These demands of new orders, each with what the rules of its channel promise about its units.
create or replace function orders.promise_freshness(
  p_region_id smallint,
  p_demands stock.demand[],
  p_drafts orders.draft[]
)
  returns stock.demand[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select stock.new_demand(p_ordinal => d.ordinal, p_sku_id => d.sku_id, p_channel_id => d.channel_id, p_quantity => d.quantity,
             p_reservation_id => d.reservation_id, p_freshness => case when o.has_rules then orders.promised_freshness(
               p_region_id => p_region_id, p_channel_id => d.channel_id, p_customer_group => o.customer_group, p_sku_id => d.sku_id) end)
      from unnest(p_demands) with ordinality d
      join unnest(p_drafts) o on o.ordinal = d.ordinal
     order by d.ordinality);
end
$$;

grant execute on function orders.promise_freshness(smallint, stock.demand[], orders.draft[]) to scoville_definer;
