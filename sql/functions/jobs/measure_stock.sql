-- Definer: the worker may count the stock of every warehouse, but not read its levels.
-- Stock by region: units by part, their value at list prices, SKUs that are out of stock or low, live reservations, and lots that
-- expire within the notice of their region. Reads the levels (one row per warehouse and SKU) and, by index, live reservations and
-- expiring lots, so the cost does not grow with orders or movements.
create or replace function jobs.measure_stock()
  returns table (figure text, labels jsonb, value numeric)
  language plpgsql
  stable
  security definer
  set search_path = ''
  set jit = off
as $$
declare
  c_counted_max constant integer := 100000;
  v_now timestamptz := app.now();
begin
  return query
    with levels as materialized (
      select l.region_id, l.sku_id, k.price, k.currency, k.reorder_point, k.active, sum(l.on_hand) as on_hand,
             coalesce(sum(l.available) filter (where s.warehouse_id is not null), 0) as available,
             coalesce(sum(l.available) filter (where s.warehouse_id is null), 0) as unserved,
             sum(l.reserved) as reserved, sum(l.committed) as committed, sum(l.unavailable) as unavailable, sum(l.safety_stock) as safety_stock, sum(l.incoming) as incoming,
             sum(l.shortfall) as shortfall
        from stock.stock_levels l
        join catalog.skus k on k.sku_id = l.sku_id
        left join (select distinct v.warehouse_id from catalog.serving_warehouses() v where v.sells) s
          on s.warehouse_id = l.warehouse_id
       group by l.region_id, l.sku_id, k.sku_id
    )
    select 'stock_units', jsonb_build_object('region', l.region_id::text, 'state', s.state), sum(s.units)
      from levels l
     cross join lateral (values ('available', l.available), ('unserved', l.unserved), ('reserved', l.reserved),
             ('committed', l.committed), ('unavailable', l.unavailable), ('safety_stock', l.safety_stock), ('incoming', l.incoming)) s (state, units)
     group by l.region_id, s.state
    union all
    select 'stock_shortfall_units', jsonb_build_object('region', l.region_id::text), sum(l.shortfall)
      from levels l
     group by l.region_id
    union all
    select 'stock_value', jsonb_build_object('region', l.region_id::text, 'currency', l.currency),
           sum(l.on_hand * l.price)
      from levels l
     where l.price is not null
     group by l.region_id, l.currency
    union all
    select 'skus', jsonb_build_object('region', l.region_id::text, 'state', s.state),
           count(*) filter (where s.state = stock.state_of(l.available, l.reorder_point))::numeric
      from levels l
     cross join (values ('in_stock'), ('low'), ('out_of_stock')) s (state)
     where l.active
     group by l.region_id, s.state;
  return query
    select 'holds', jsonb_build_object('region', r.region_id::text), count(h.reservation_id)::numeric
      from catalog.regions r
      left join lateral (
        select h.reservation_id
          from stock.reservations h
         where h.region_id = r.region_id and h.status = 'active' and h.expires_at > v_now
         limit c_counted_max) h on true
     group by r.region_id;
  return query
    select f.figure, jsonb_build_object('region', r.region_id::text), f.value
      from catalog.regions r
     cross join lateral (
       select count(distinct t.lot_id) as lots, coalesce(sum(v.on_hand), 0) as units
         from stock.lots t
         join stock.lot_levels v on v.region_id = t.region_id and v.lot_id = t.lot_id and v.on_hand > 0
         join catalog.zones() z on z.warehouse_id = v.warehouse_id
        where t.region_id = r.region_id and t.status = 'available'
          and t.expiration_date between (v_now - interval '1 day')::date and (v_now + interval '1 day')::date + r.expiry_notice_days
          and t.expiration_date - timezone(z.time_zone, v_now)::date between 0 and r.expiry_notice_days) e
     cross join lateral (values ('expiring_lots', e.lots::numeric), ('expiring_units', e.units::numeric)) f (figure, value);
end
$$;

alter function jobs.measure_stock() owner to scoville_definer;
grant execute on function jobs.measure_stock() to scoville_worker;
