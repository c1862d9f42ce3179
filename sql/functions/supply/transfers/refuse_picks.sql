-- The refusal of a shipment, or null. Units that can be sold leave only if nobody was promised them: as many as are available. A named lot
-- leaves those units that others were promised for their time of sale.
create or replace function supply.refuse_picks(
  p_transfer supply.transfers,
  p_parts supply.part[],
  p_picks supply.part[]
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_picks_max constant integer := 1000;  -- the event names each of them
  v_errors jsonb;
begin
  select jsonb_agg(jsonb_build_object('pointer', '/items/' || s.item - 1 || '/quantity', 'sku_id', s.sku_id, 'warehouse_location',
           p_transfer.from_warehouse_id, 'requested', s.units, 'available', s.available, 'detail', format('%s of %s%s wanted, %s %s in %s.', s.units,
             s.sku_id, ' of lot ' || s.batch_number, s.available, case when s.withheld then 'that cannot be sold' else 'available' end,
             p_transfer.from_warehouse_id)) order by s.item)
    into v_errors
    from (select p.item, p.sku_id, p.batch_number, p.withheld, p.units, case when p.withheld then g.found
                   else least(g.found, greatest(0, coalesce(l.available, 0) - (sum(p.units) over before_this - p.units))) end as available
            from (select u.item, u.sku_id, u.batch_number, coalesce(u.withheld, false) as withheld, u.units from unnest(p_parts) u) p
            left join stock.stock_levels l
              on l.region_id = p_transfer.region_id and l.warehouse_id = p_transfer.from_warehouse_id and l.sku_id = p.sku_id
            left join (select k.item, sum(k.units) as units from unnest(p_picks) k group by k.item) f on f.item = p.item
           cross join lateral (select coalesce(f.units, 0)) g (found)
          window before_this as (partition by p.sku_id, p.withheld order by p.item)) s
   where s.available < s.units;
  if v_errors is not null then
    return app.refuse_lines(p_code => 'ST001', p_errors => v_errors,
      p_detail => format('%s does not have these units. Promised ones stay.', p_transfer.from_warehouse_id));
  elsif cardinality(p_picks) > c_picks_max then
    return app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => format('These are units of %s lots, and a transfer carries %s. Send two.',
      cardinality(p_picks), c_picks_max));
  end if;
  select jsonb_agg(jsonb_build_object('pointer', '/items/' || s.item - 1 || '/batch_number', 'sku_id', s.sku_id, 'warehouse_location',
           p_transfer.from_warehouse_id, 'batch_number', s.batch_number, 'fresh_until', s.fresh_until, 'promised', s.promised, 'detail', format(
             'Lot %s of %s has to stay for orders, which were promised units that can be sold on %s. Send a lot that expires earlier.',
             s.batch_number, s.sku_id, s.fresh_until)) order by s.item)
    into v_errors
    from unnest(p_parts) u
   cross join lateral supply.stranded_day(p_transfer => p_transfer, p_picks => p_picks, p_sku_id => u.sku_id) d
   cross join lateral (select u.item, u.sku_id, u.batch_number, d.fresh_until, d.promised) s
   where u.lot_id is not null and not coalesce(u.withheld, false) and d.fresh_until is not null;
  if v_errors is not null then
    return app.refuse_lines(p_code => 'SH003', p_errors => v_errors, p_detail => 'Orders were promised the units of this lot.');
  end if;
  return null;
end
$$;

grant execute on function supply.refuse_picks(supply.transfers, supply.part[], supply.part[]) to scoville_definer;
