-- The demands of these reservations, as stock.allocate takes them.
create or replace function stock.reservation_demands(
  p_drafts stock.reservation_draft[]
)
  returns stock.demand[]
  language sql
  stable
  set search_path = ''
as $$
  select array(
    select stock.new_demand(p_ordinal => d.ordinal, p_sku_id => l.sku_id, p_channel_id => d.channel_id,
             p_quantity => l.quantity)
      from unnest(p_drafts) d
     cross join lateral jsonb_to_recordset(d.lines) as l (sku_id text, quantity integer)
     order by d.ordinal, l.sku_id);
$$;

grant execute on function stock.reservation_demands(stock.reservation_draft[]) to scoville_definer;
