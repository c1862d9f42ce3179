-- The refusal of picks that break a promise about the time of sale, or null: of this order, or of others that need the lot that was scanned.
-- Without a scan nobody is stranded: each order takes the lots that expire first among those that are good enough for it.
-- Lock order: the caller has locked the levels and their lot_levels.
create or replace function orders.refuse_unfresh(
  p_region_id smallint,
  p_parts orders.part[],
  p_picks orders.pick[]
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_part orders.part;
  v_errors jsonb;
begin
  foreach v_part in array p_parts loop
    if v_part.fresh_until is not null then
      v_errors := (
        select jsonb_agg(jsonb_build_object('pointer', coalesce('/items/' || v_part.item - 1 || '/batch_number', '/items'),
                 'sku_id', v_part.sku_id, 'warehouse_location', v_part.warehouse_id, 'batch_number', t.batch_number,
                 'expiration_date', t.expiration_date, 'fresh_until', nullif(v_part.fresh_until, 'infinity'), 'rule', v_part.rule,
                 'days_short', case when v_part.fresh_until < 'infinity' then v_part.fresh_until - t.expiration_date end,
                 'detail', format('Lot %s of %s can be sold until %s. The order was promised %s (%s).', t.batch_number, v_part.sku_id,
                   t.expiration_date, case when v_part.fresh_until < 'infinity'
                     then format('%s days more', v_part.fresh_until - t.expiration_date) else 'units that never expire' end,
                   v_part.rule)) order by t.expiration_date, t.lot_id)
          from stock.lot_levels v
          join stock.lots t on t.region_id = p_region_id and t.lot_id = v.lot_id
         where v.region_id = p_region_id and v.warehouse_id = v_part.warehouse_id and v.sku_id = v_part.sku_id and v.sellable
           and v.unwithheld > 0 and t.expiration_date < v_part.fresh_until and t.lot_id = coalesce(v_part.lot_id, t.lot_id)
        having v_part.units > (
          select coalesce(sum(k.units), 0) from unnest(p_picks) k
           where k.warehouse_id = v_part.warehouse_id and k.sku_id = v_part.sku_id and k.lot_id = coalesce(v_part.lot_id, k.lot_id)));
      if v_errors is not null then
        return app.refuse_lines(p_code => 'SH003', p_errors => v_errors, p_detail =>
          'Units that expire too early do not leave for this order. Ship another lot, or move the order to a warehouse that has one.');
      end if;
    end if;
  end loop;
  foreach v_part in array p_parts loop
    continue when v_part.lot_id is null;
    v_errors := (
      select jsonb_agg(jsonb_build_object('pointer', '/items/' || v_part.item - 1 || '/batch_number', 'sku_id', v_part.sku_id,
               'warehouse_location', v_part.warehouse_id, 'batch_number', v_part.batch_number, 'fresh_until', s.fresh_until,
               'promised', s.promised, 'detail', format('Lot %s of %s has to stay for other orders, which were promised units that can be '
                 'sold on %s. Ship a lot that expires earlier.', v_part.batch_number, v_part.sku_id, s.fresh_until)))
        from orders.stranded_days(p_region_id => p_region_id, p_parts => p_parts, p_picks => p_picks, p_part => v_part) s);
    if v_errors is not null then
      return app.refuse_lines(p_code => 'SH003', p_errors => v_errors,
        p_detail => 'Other orders were promised the units of this lot.');
    end if;
  end loop;
  return null;
end
$$;

grant execute on function orders.refuse_unfresh(smallint, orders.part[], orders.pick[]) to scoville_definer;
