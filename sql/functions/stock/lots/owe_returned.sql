-- Promised units that come back (a parcel is undone) to a lot that cannot be sold any more: they are unavailable as far as available
-- units can be promised in their place; the rest is shortfall. stock.post_lots has counted all of them as unavailable.
-- Locks nothing: the levels are locked.
create or replace function stock.owe_returned(
  p_region_id smallint,
  p_movements stock.movement[]
)
  returns stock.movement[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_owed record;
begin
  for v_owed in
    select m.ordinality, m.back - greatest(0, least(m.back, l.available - m.before)) as units
      from (select u.ordinality, u.warehouse_id, u.sku_id, (u.delta).unavailable as back,
                   sum((u.delta).unavailable) over (partition by u.warehouse_id, u.sku_id order by u.ordinality)
                     - (u.delta).unavailable as before
              from unnest(p_movements) with ordinality u
             where u.kind = 'unfulfill') m
      join stock.stock_levels l
        on l.region_id = p_region_id and l.warehouse_id = m.warehouse_id and l.sku_id = m.sku_id
  loop
    p_movements[v_owed.ordinality].delta.unavailable := p_movements[v_owed.ordinality].delta.unavailable - v_owed.units;
    p_movements[v_owed.ordinality].delta.shortfall := p_movements[v_owed.ordinality].delta.shortfall + v_owed.units;
  end loop;
  return p_movements;
end
$$;

grant execute on function stock.owe_returned(smallint, stock.movement[]) to scoville_definer;
