-- The units of an order that can still be announced as a return: by parcel, what was shipped less what returns announce that were not
-- refused. A historic order has no parcels: then the units of its SKUs. Bundles come back as their components.
create or replace function orders.returnable_units(
  p_region_id smallint,
  p_order_id bigint
)
  returns table (fulfillment_id bigint, warehouse_id text, sku_id text, units bigint)
  language sql
  stable
  set search_path = ''
as $$
  with shipped as (
    select f.fulfillment_id, f.warehouse_id, l.sku_id, sum(l.quantity) as units
      from orders.fulfillments f
      join orders.fulfillment_lines l on l.region_id = f.region_id and l.fulfillment_id = f.fulfillment_id
     where f.region_id = p_region_id and f.order_id = p_order_id and f.canceled_at is null
     group by f.fulfillment_id, f.warehouse_id, l.sku_id
    union all
    select null, min(a.warehouse_id), a.sku_id, sum(a.fulfilled_quantity)
      from orders.order_allocations a
     where a.region_id = p_region_id and a.order_id = p_order_id
       and not exists (select from orders.fulfillments f where f.region_id = p_region_id and f.order_id = p_order_id)
     group by a.sku_id
  ), announced as (
    select l.fulfillment_id, l.sku_id, sum(l.quantity - l.given_up) as units
      from orders.returns r
      join orders.return_lines l on l.region_id = r.region_id and l.return_id = r.return_id
     where r.region_id = p_region_id and r.order_id = p_order_id and r.status <> 'refused'
     group by l.fulfillment_id, l.sku_id
  )
  select s.fulfillment_id, s.warehouse_id, s.sku_id, s.units - coalesce(n.units, 0)
    from shipped s
    left join announced n on n.sku_id = s.sku_id and n.fulfillment_id is not distinct from s.fulfillment_id;
$$;

grant execute on function orders.returnable_units(smallint, bigint) to scoville_definer;
