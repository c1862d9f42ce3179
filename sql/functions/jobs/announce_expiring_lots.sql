-- Definer: the worker may not write to tables; this function records which lots were announced.
-- Announces each lot once per warehouse when its last day comes within the region's expiry_notice_days, at most p_limit per call.
-- Returns the number of announcements. A lot that has no units or cannot be sold is announced if that changes in time.
-- Lock order: stock_levels in key order. Only a transaction that has locked these can change the units of a lot there or its status,
-- so the events of a lot are in the order of its versions.
create or replace function jobs.announce_expiring_lots(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_notice integer := (select r.expiry_notice_days from catalog.regions r where r.region_id = p_region_id);
  v_warehouses text[];
  v_skus text[];
  v_lots bigint[];
  v_announced integer;
begin
  select array_agg(s.warehouse_id), array_agg(s.sku_id), array_agg(s.lot_id)
    into v_warehouses, v_skus, v_lots
    from (select v.warehouse_id, v.sku_id, v.lot_id
            from stock.lots t
            join stock.lot_levels v on v.region_id = p_region_id and v.lot_id = t.lot_id
            join catalog.zones() z on z.warehouse_id = v.warehouse_id
           where t.region_id = p_region_id and t.status = 'available'
             -- All days that it can be somewhere, for the index; then the day in the warehouse.
             and t.expiration_date between (v_now - interval '1 day')::date and (v_now + interval '1 day')::date + v_notice
             and t.expiration_date - timezone(z.time_zone, v_now)::date between 0 and v_notice
             and v.on_hand > 0 and v.expiry_announced_on is distinct from t.expiration_date
           order by v.warehouse_id, v.sku_id, v.lot_id
           limit p_limit) s;
  if v_lots is null then
    return 0;
  end if;
  perform from rows from (unnest(v_warehouses), unnest(v_skus)) as k (warehouse_id, sku_id)
    join stock.stock_levels l
      on l.region_id = p_region_id and l.warehouse_id = k.warehouse_id and l.sku_id = k.sku_id
   order by l.warehouse_id, l.sku_id
     for no key update of l;
  with announced as (
    update stock.lot_levels v
       set expiry_announced_on = t.expiration_date
      from rows from (unnest(v_warehouses), unnest(v_skus), unnest(v_lots))
             as k (warehouse_id, sku_id, lot_id)
      join stock.lots t on t.region_id = p_region_id and t.lot_id = k.lot_id
      join catalog.zones() z on z.warehouse_id = k.warehouse_id
     cross join lateral (select t.expiration_date - timezone(z.time_zone, v_now)::date) d (days_left)
     where v.region_id = p_region_id and v.warehouse_id = k.warehouse_id and v.sku_id = k.sku_id and v.lot_id = k.lot_id
       and d.days_left between 0 and v_notice and t.status = 'available'
       and v.on_hand > 0 and v.expiry_announced_on is distinct from t.expiration_date
    returning v.warehouse_id, v.sku_id, v.lot_id, v.on_hand, t.expiration_date, d.days_left, t.batch_number, t.version
  ), emitted as (
    insert into events.outbox
      (region_id, type, audience, subject, sku_id, warehouse_ids, version, data, actor, request_id, occurred_at)
    select p_region_id, 'lot.expiring', events.audience_of('lot.expiring'), 'lots/' || a.sku_id || '/' || a.batch_number, a.sku_id,
           array[a.warehouse_id], a.version, jsonb_build_object('sku_id', a.sku_id, 'warehouse_location', a.warehouse_id,
             'batch_number', a.batch_number, 'expiration_date', a.expiration_date, 'days_left', a.days_left,
             'batch_stock', a.on_hand, 'version', a.version),
           app.claim_subject(), app.claim_request_id(), v_now
      from announced a
     order by a.expiration_date, a.warehouse_id, a.sku_id, a.lot_id
    returning 1
  )
  select count(*) into v_announced from emitted;
  return v_announced;
end
$$;

alter function jobs.announce_expiring_lots(smallint, integer) owner to scoville_definer;
grant execute on function jobs.announce_expiring_lots(smallint, integer) to scoville_worker;
