-- Whether a reservation holds enough units of a SKU for these items; false without a reservation.
create or replace function orders.covers_items(
  p_region_id smallint,
  p_reservation_id bigint,
  p_sku_id text,
  p_items jsonb
)
  returns boolean
  language sql
  stable
  set search_path = ''
as $$
  select coalesce((select sum(l.quantity)
                     from stock.reservation_lines l
                    where l.region_id = p_region_id and l.reservation_id = p_reservation_id and l.sku_id = p_sku_id)
                  >= (select sum((i.value ->> 'quantity')::bigint)
                        from jsonb_array_elements(p_items) i
                       where i.value ->> 'sku_id' = p_sku_id), false);
$$;

grant execute on function orders.covers_items(smallint, bigint, text, jsonb) to scoville_definer;
