-- Ships (part of) one locked order, all or nothing. Returns a refusal, or null on success.
-- Lock order: lot_levels in key order; the caller has locked levels and order.
create or replace function orders.fulfill_order(
  p_region_id smallint,
  p_order_id bigint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_picks jsonb;
  v_short jsonb;
  v_split record;
  v_refusal api.refusal;
begin
  if p_order_id is null then
    return orders.refuse_missing(p_region_id, p_request ->> 'order_id');
  end if;
  v_refusal := orders.refuse_shipment(p_region_id, p_order_id);
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  select s.parts, s.refusal into v_split
    from orders.split_request(p_region_id => p_region_id, p_order_id => p_order_id, p_request => p_request) s;
  if (v_split.refusal).code is not null then
    return v_split.refusal;
  end if;
  -- First expired, first out. A lot whose last day has passed is not sellable, swept or not.
  with parts as (
    select p.warehouse_id, p.sku_id, p.units
      from jsonb_to_recordset(v_split.parts) as p (warehouse_id text, sku_id text, units integer)
  ), lots as (
    select l.warehouse_id, l.sku_id, l.lot_id, l.on_hand,
           sum(l.on_hand) over (partition by l.warehouse_id, l.sku_id order by l.expiration_date, l.lot_id) - l.on_hand as before
      from stock.lock_lot_levels(p_region_id => p_region_id,
             p_warehouse_ids => array(select p.warehouse_id from parts p order by p.warehouse_id, p.sku_id),
             p_sku_ids => array(select p.sku_id from parts p order by p.warehouse_id, p.sku_id)) l
     where l.sellable and l.status = 'available' and l.on_hand > 0
  ), picks as (
    select p.warehouse_id, p.sku_id, l.lot_id, least(l.on_hand, p.units - l.before)::integer as units
      from parts p
      join lots l on l.warehouse_id = p.warehouse_id and l.sku_id = p.sku_id and l.before < p.units
  )
  select (select jsonb_agg(to_jsonb(k)) from picks k),
         (select jsonb_agg(jsonb_build_object('pointer', '/items', 'sku_id', p.sku_id,
                   'warehouse_location', p.warehouse_id, 'requested', p.units, 'available', coalesce(g.units, 0),
                   'detail', format('%s of %s wanted from %s, %s available in sellable lots.', p.units,
                     p.sku_id, p.warehouse_id, coalesce(g.units, 0))) order by p.sku_id, p.warehouse_id)
            from parts p
            left join (select k.warehouse_id, k.sku_id, sum(k.units) as units from picks k group by 1, 2) g
              on g.warehouse_id = p.warehouse_id and g.sku_id = p.sku_id
           where coalesce(g.units, 0) < p.units)
    into v_picks, v_short;
  if v_short is not null then
    return app.refuse_lines(p_code => 'ST013', p_errors => v_short, p_detail =>
      'The sellable lots do not have enough units. Receive stock, release a lot, or cancel the order.');
  end if;
  perform orders.ship_picks(p_region_id => p_region_id, p_order_id => p_order_id, p_request => p_request, p_picks => v_picks);
  return null;
end
$$;

grant execute on function orders.fulfill_order(smallint, bigint, jsonb) to scoville_definer;
