-- Definer: no caller may read the promises and reservations of others, and what is available depends on them.
--
-- How many units of a SKU an order through this channel would get now, by the function that decides about orders (stock.foresee). Changes and
-- locks nothing, so another order can come first. Of a bundle: how many its components make, as an order demands them.
create or replace function api.get_availability(
  p_region_id smallint,
  p_filters jsonb
)
  returns table (body json, etag text)
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  c_everything constant integer := 2147483647;
  v_sku text := p_filters ->> 'sku';
  v_channel text := coalesce(p_filters ->> 'channel', app.claim_channel());
  v_quantity integer := coalesce((p_filters ->> 'quantity')::integer, 1);
  v_today date := app.today(p_region_id);
  v_ship_on date := coalesce((p_filters ->> 'ship_on')::date, greatest(v_today, (catalog.sale_rule(v_channel, v_sku)).ships_on));
  v_warehouses text[] := catalog.own_warehouses(p_region_id);
  v_part record;
  v_promise jsonb;  -- of a part; the strictest counts for the whole
  v_freshness jsonb;
  v_short stock.allocation;
  v_whole integer := c_everything;
  v_stale integer;
  v_demands stock.demand[] := '{}';
  v_given stock.allocation[];
  v_answer json;
begin
  perform app.check_region(p_region_id);
  perform app.raise_refusal(orders.refuse_question(p_region_id => p_region_id, p_channel_id => v_channel, p_sku_id => v_sku,
    p_ship_on => v_ship_on));
  for v_part in
    select p.sku_id, p.quantity, p.is_sold
      from catalog.skus k
     cross join lateral (
       select k.sku_id, 1 as quantity, true as is_sold where k.components = '[]'
        union all
       select c.sku_id, c.quantity, catalog.sells_components(k.components)
         from jsonb_to_recordset(k.components) as c (sku_id text, quantity integer)) p
     where k.sku_id = v_sku
     order by p.sku_id
  loop
    v_promise := orders.promised_freshness(p_region_id => p_region_id, p_channel_id => v_channel, p_sku_id => v_part.sku_id,
      p_customer_group => p_filters ->> 'customer_group',
      p_ship_on => greatest(v_ship_on, (catalog.sale_rule(v_channel, v_part.sku_id)).ships_on));
    -- Nobody has so many, so the answer is a shortage, which says how many there are.
    select a.* into v_short from unnest(stock.foresee(p_region_id, array[stock.new_demand(p_ordinal => 1, p_sku_id => v_part.sku_id,
      p_channel_id => v_channel, p_quantity => c_everything, p_freshness => v_promise)])) a;
    v_whole := least(v_whole, case when v_part.is_sold then v_short.available / v_part.quantity else 0 end);
    v_stale := coalesce(v_stale, 0) + greatest(0, (v_short.freshness ->> 'stale')::integer);
    v_demands := v_demands || stock.new_demand(p_ordinal => 1, p_sku_id => v_part.sku_id, p_channel_id => v_channel,
      p_quantity => v_part.quantity, p_freshness => v_promise);
    if v_promise is not null and coalesce((v_promise ->> 'fresh_until')::date > (v_freshness ->> 'fresh_until')::date, true) then
      v_freshness := v_promise;
    end if;
  end loop;
  for i in 1 .. cardinality(v_demands) loop
    v_demands[i].quantity := v_demands[i].quantity * least(v_quantity, v_whole);
  end loop;
  v_given := stock.foresee(p_region_id, v_demands);
  v_answer := json_build_object('sku_id', v_sku, 'channel', v_channel, 'customer_group', p_filters ->> 'customer_group',
    'quantity', v_quantity, 'ship_on', v_ship_on, 'available', v_whole >= v_quantity, 'available_quantity', v_whole,
    -- When the missing units come is not known: there are no purchases yet.
    'available_on', case when v_whole >= v_quantity then v_ship_on end,
    'fresh_until', nullif(v_freshness ->> 'fresh_until', 'infinity'), 'rule', coalesce(v_freshness ->> 'rule', 'none'),
    'stale_quantity', v_stale,
    'sold_until', stock.first_expiry(p_region_id => p_region_id, p_allocations => v_given),
    'warehouses', (
      select coalesce(json_agg(json_build_object('sku_id', g.sku_id, 'warehouse_location', g.warehouse_id, 'quantity', g.quantity) order by g.nth), '[]')
        from unnest(v_given) with ordinality g (ordinal, sku_id, warehouse_id, quantity, available, waits, freshness, nth)
       where g.warehouse_id is not null and (v_warehouses is null or g.warehouse_id = any (v_warehouses))));
  return query select v_answer, md5(v_answer::text);
end
$$;

comment on function api.get_availability(smallint, jsonb) is
  'How many units of a SKU an order could have now, by the rules that decide about orders. Filters: sku, channel, customer_group, quantity, ship_on. '
  'rule: the freshness rule of the channel that applies, or none; sold_until: the last day of sale of the first of these units that expires.
Errors: OR008 OR009 ST002 VA001';
alter function api.get_availability(smallint, jsonb) owner to scoville_definer;
grant execute on function api.get_availability(smallint, jsonb) to admin, sales, integration;
