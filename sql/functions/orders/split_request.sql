-- The units that a fulfillment takes from each warehouse: the items that it names, or all open units, spread over the allocations
-- that the caller may ship. Returns the parts, or a refusal.
create or replace function orders.split_request(
  p_region_id smallint,
  p_order_id bigint,
  p_request jsonb,
  out parts jsonb,
  out refusal api.refusal
)
  language sql
  stable
  set search_path = ''
as $$
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
    select i.value ->> 'sku_id' as sku_id, sum((i.value ->> 'quantity')::bigint) as units, min(i.ordinality) as nth,
           min((i.value ->> 'quantity')::bigint) as fewest
      from jsonb_array_elements(coalesce(nullif(p_request -> 'items', 'null'), '[]')) with ordinality i
     group by 1
  ), wanted as (
    select i.sku_id, i.units, i.nth, i.fewest from items i
    union all
    select o.sku_id, sum(o.units), null, 1 from open o where not exists (select from items) group by o.sku_id
  ), faults as (
    select jsonb_agg(jsonb_build_object('pointer', '/items/' || w.nth - 1 || '/quantity',
             'sku_id', w.sku_id, 'requested', w.units, 'open', coalesce(o.units, 0),
             'detail', case when w.fewest < 1 then format('Ship at least one unit of %s, or leave it out.', w.sku_id)
                            else format('%s of %s wanted, %s open.', w.units, w.sku_id, coalesce(o.units, 0)) end)
             order by w.nth) as errors, bool_or(w.fewest < 1) as has_none
      from wanted w
      left join (select n.sku_id, sum(n.units) as units from open n group by 1) o on o.sku_id = w.sku_id
     where w.units > coalesce(o.units, 0) or w.fewest < 1
  )
  select (select jsonb_agg(jsonb_build_object('warehouse_id', o.warehouse_id, 'sku_id', o.sku_id,
                   'units', least(o.units, w.units - (o.upto - o.units))))
            from open o join wanted w on w.sku_id = o.sku_id
           where o.upto - o.units < w.units),
         case when f.errors is not null then app.refuse_lines(p_code => 'OR004', p_errors => f.errors, p_detail =>
                case when f.has_none then 'Ship whole units, at least one.' else 'You cannot ship more units than are open.' end)
              when not exists (select from wanted) then app.refuse('OR004',
                'This order has no open units at your warehouses: they are shipped, canceled, or allocated elsewhere.') end
    from faults f;
$$;

grant execute on function orders.split_request(smallint, bigint, jsonb) to scoville_definer;
