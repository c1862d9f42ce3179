-- The units that a fulfillment takes from each warehouse: the items that it names, or all open units, spread over the allocations
-- that the caller may ship. Returns the parts, or a refusal.
create or replace function orders.split_request(
  p_region_id smallint,
  p_order_id bigint,
  p_request jsonb,
  out parts orders.part[],
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_errors jsonb;
  v_has_none boolean;
begin
  with open as (
    select a.warehouse_id, a.sku_id, a.quantity - a.fulfilled_quantity - a.released_quantity as units,
           sum(a.quantity - a.fulfilled_quantity - a.released_quantity)
             over (partition by a.sku_id order by a.warehouse_id rows unbounded preceding) as upto
      from orders.order_allocations a
     where a.region_id = p_region_id and a.order_id = p_order_id
       and (app.reaches_all_warehouses() or a.warehouse_id = any (app.claim_warehouses()))
       and a.warehouse_id = coalesce(p_request ->> 'warehouse_location', a.warehouse_id)
       and a.quantity > a.fulfilled_quantity + a.released_quantity
  ), items as (
    select i.value ->> 'sku_id' as sku_id, t.lot_id, t.batch_number, min(i.value ->> 'reason_code') as reason_code,
           min(i.ordinality)::integer as nth, sum((i.value ->> 'quantity')::bigint) as units,
           min((i.value ->> 'quantity')::bigint) as fewest
      from jsonb_array_elements(coalesce(nullif(p_request -> 'items', 'null'), '[]')) with ordinality i
      left join stock.lots t
        on t.region_id = p_region_id and t.sku_id = i.value ->> 'sku_id'
       and t.batch_key = app.code_key(coalesce(i.value ->> 'batch_number', i.value ->> 'lot_number'))
     group by 1, t.lot_id, t.batch_number
  ), wanted as (
    select i.*, sum(i.units) over (partition by i.sku_id order by i.nth rows unbounded preceding) as upto from items i
    union all
    select o.sku_id, null, null, null, null, sum(o.units), 1, sum(o.units)
      from open o where not exists (select from items) group by o.sku_id
  ), faults as (
    select min(w.nth) as nth, w.sku_id, sum(w.units) as units, min(w.fewest) as fewest, coalesce(max(o.upto), 0) as open
      from wanted w
      left join (select n.sku_id, max(n.upto) as upto from open n group by 1) o on o.sku_id = w.sku_id
     group by w.sku_id
    having sum(w.units) > coalesce(max(o.upto), 0) or min(w.fewest) < 1
  )
  select (select array_agg(orders.new_part(p_item => w.nth, p_warehouse_id => o.warehouse_id, p_sku_id => o.sku_id,
                   p_units => (least(w.upto, o.upto) - greatest(w.upto - w.units, o.upto - o.units))::integer, p_lot_id => w.lot_id,
                   p_batch_number => w.batch_number, p_reason_code => w.reason_code, p_fresh_until => f.fresh_until, p_rule => f.rule))
            from open o join wanted w on w.sku_id = o.sku_id
            left join orders.freshness f on f.region_id = p_region_id and f.order_id = p_order_id and f.sku_id = o.sku_id
           where w.upto > o.upto - o.units and o.upto > w.upto - w.units),
         (select jsonb_agg(jsonb_build_object('pointer', '/items/' || f.nth - 1 || '/quantity',
                   'sku_id', f.sku_id, 'requested', f.units, 'open', f.open,
                   'detail', case when f.fewest < 1 then format('Ship at least one unit of %s, or leave it out.', f.sku_id)
                                  else format('%s of %s wanted, %s open.', f.units, f.sku_id, f.open) end) order by f.nth)
            from faults f), (select bool_or(f.fewest < 1) from faults f)
    into parts, v_errors, v_has_none;
  if v_errors is not null then
    refusal := app.refuse_lines(p_code => 'OR004', p_errors => v_errors, p_detail =>
      case when v_has_none then 'Ship whole units, at least one.' else 'You cannot ship more units than are open.' end);
  elsif parts is null then
    refusal := app.refuse('OR004',
      'This order has no open units at your warehouses: they are shipped, canceled, or allocated elsewhere, or they wait for stock (backorders).');
  end if;
end
$$;

grant execute on function orders.split_request(smallint, bigint, jsonb) to scoville_definer;
