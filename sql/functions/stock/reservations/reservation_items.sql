-- The items of a reservation: the units that it holds of each SKU, over all warehouses, or the bundles that they make: [{"sku_id", "quantity"}].
create or replace function stock.reservation_items(
  p_region_id smallint,
  p_reservation_id bigint
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(
           (select r.items from stock.reservations r where r.region_id = p_region_id and r.reservation_id = p_reservation_id),
           (select jsonb_agg(jsonb_build_object('sku_id', i.sku_id, 'quantity', i.quantity) order by i.sku_id)
              from (select l.sku_id, sum(l.quantity) as quantity
                      from stock.reservation_lines l
                     where l.region_id = p_region_id and l.reservation_id = p_reservation_id
                     group by l.sku_id) i));
$$;

grant execute on function stock.reservation_items(smallint, bigint) to scoville_definer, admin, sales, integration;
