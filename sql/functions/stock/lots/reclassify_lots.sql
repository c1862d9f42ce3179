-- Brings levels in line with the status of their lots. Units of a lot that can no longer be sold become unavailable; units that are
-- already promised become shortfall. Units of a lot that can be sold again become available. p_reasons: changes of status made by
-- hand; the ledger keeps their reason. Returns the number of lot levels that changed.
-- Lock order: the caller has locked these stock_levels; here lot_levels in key order.
create or replace function stock.reclassify_lots(
  p_region_id smallint,
  p_warehouse_ids text[],
  p_sku_ids text[],
  p_reasons stock.draft[] default '{}'
)
  returns integer
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_sellable boolean;
  v_movements stock.movement[];
  v_changed integer := 0;
begin
  foreach v_sellable in array array[false, true] loop
    select array_agg(
             stock.new_movement(p_warehouse_id => c.warehouse_id, p_sku_id => c.sku_id, p_kind => 'adjustment',
               p_delta => stock.new_counters(
                 p_unavailable => case when v_sellable then c.first_part - c.units else c.first_part end,
                 p_shortfall => case when v_sellable then -c.first_part else c.units - c.first_part end),
               p_lot_id => c.lot_id,
               p_reason_code => coalesce(d.reason_code, case c.status when 'expired' then 'expired' when 'recalled' then 'recalled'
                                                                      when 'damaged' then 'damaged' when 'available' then 'correction'
                                                                      else 'quality_control' end),
               p_note => concat_ws(': ', 'lot is ' || c.status, d.note), p_actor => coalesce(d.actor, app.claim_subject()),
               p_request_id => coalesce(d.request_id, app.claim_request_id()))
             order by c.warehouse_id, c.sku_id, c.lot_id)
      into v_movements
      from (select v.warehouse_id, v.sku_id, v.lot_id, v.units, v.status,
                   -- The units of this lot that the level can take: from available when its sale ends, from shortfall when
                   -- its sale resumes. The lots of a level share those units in order.
                   greatest(0, least(v.units, case when v_sellable then l.shortfall else l.available end
                     - coalesce(sum(v.units) over (partition by v.warehouse_id, v.sku_id order by v.lot_id
                         rows between unbounded preceding and 1 preceding), 0)))::integer as first_part
              from stock.lock_lot_levels(p_region_id => p_region_id, p_warehouse_ids => p_warehouse_ids,
                     p_sku_ids => p_sku_ids) v
              join stock.stock_levels l
                on l.region_id = p_region_id and l.warehouse_id = v.warehouse_id and l.sku_id = v.sku_id
             where v.sellable is distinct from (v.status = 'available') and (v.status = 'available') = v_sellable) c
      left join unnest(p_reasons) d on d.lot_id = c.lot_id;
    continue when v_movements is null;
    update stock.lot_levels v
       set sellable = v_sellable
      from unnest(v_movements) m
     where v.region_id = p_region_id and v.warehouse_id = m.warehouse_id and v.sku_id = m.sku_id and v.lot_id = m.lot_id;
    perform stock.post_movements(p_region_id, v_movements);
    v_changed := v_changed + cardinality(v_movements);
  end loop;
  update stock.stock_levels l
     set next_expiry_at = n.expires_at
    from (select k.warehouse_id, k.sku_id,
                 (select app.day_begins_at(min(t.expiration_date) + 1, z.time_zone)
                    from stock.lot_levels v
                    join stock.lots t on t.region_id = p_region_id and t.lot_id = v.lot_id
                   where v.region_id = p_region_id and v.warehouse_id = k.warehouse_id and v.sku_id = k.sku_id
                     and v.sellable and v.on_hand > 0) as expires_at
            from rows from (unnest(p_warehouse_ids), unnest(p_sku_ids)) as k (warehouse_id, sku_id)
            join catalog.zones() z on z.warehouse_id = k.warehouse_id) n
   where l.region_id = p_region_id and l.warehouse_id = n.warehouse_id and l.sku_id = n.sku_id
     and l.next_expiry_at is distinct from n.expires_at;
  return v_changed;
end
$$;

grant execute on function stock.reclassify_lots(smallint, text[], text[], stock.draft[]) to scoville_definer;
