-- The latest promises of a level to orders, as many units as are asked for (or all), as units for which the orders wait; the earliest
-- order first. Unpaid and held orders count as any other: whether they are paid says nothing about who came first.
-- Changes nothing. The caller has locked the level, so its promises stay.
create or replace function orders.take_promises(
  p_region_id smallint,
  p_warehouse_id text,
  p_sku_id text,
  p_units bigint
)
  returns orders.relocation[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_left bigint := p_units;
  v_part record;
  v_units integer;
  v_taken orders.relocation[] := '{}';
begin
  for v_part in
    select a.order_id, a.channel_id, a.quantity - a.fulfilled_quantity - a.released_quantity as units
      from orders.order_allocations a
     where a.region_id = p_region_id and a.sku_id = p_sku_id and a.warehouse_id = p_warehouse_id
       and a.quantity > a.fulfilled_quantity + a.released_quantity
     order by a.order_id desc
  loop
    exit when v_left <= 0;
    v_units := least(v_left, v_part.units);
    v_left := v_left - v_units;
    v_taken := v_taken || orders.new_relocation(p_order_id => v_part.order_id, p_sku_id => p_sku_id,
      p_channel_id => v_part.channel_id, p_warehouse_id => p_warehouse_id, p_units => v_units);
  end loop;
  return array(select t from unnest(v_taken) t order by t.order_id);
end
$$;

grant execute on function orders.take_promises(smallint, text, text, bigint) to scoville_definer;
