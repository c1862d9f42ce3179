-- Asks staff to count the levels in which units were found for a sale: the count was wrong before it, and may still be. Until the next
-- count (stock.change_levels), one request per level adds up what was found.
-- Lock order: the caller has locked the levels.
create or replace function stock.request_counts(
  p_region_id smallint,
  p_found orders.pick[],
  p_document text,
  p_actor text,
  p_request_id text
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_request record;
begin
  for v_request in
    insert into stock.count_requests as r (region_id, warehouse_id, sku_id, requested_at, units, document)
    select p_region_id, f.warehouse_id, f.sku_id, v_now, sum(f.units), p_document
      from unnest(p_found) f
     group by f.warehouse_id, f.sku_id
     order by f.warehouse_id, f.sku_id
    on conflict on constraint count_requests_pkey do update set units = r.units + excluded.units, document = excluded.document
    returning r.warehouse_id, r.sku_id, r.requested_at, r.units, (
      select l.version from stock.stock_levels l
       where l.region_id = p_region_id and l.warehouse_id = r.warehouse_id and l.sku_id = r.sku_id) as version
  loop
    perform events.emit(p_region_id => p_region_id, p_type => 'stock.count_requested',
      p_subject => 'counts/' || v_request.warehouse_id || '/' || v_request.sku_id, p_channel_id => null,
      p_warehouse_ids => array[v_request.warehouse_id], p_sku_id => v_request.sku_id,
      p_version => v_request.version,
      p_data => jsonb_build_object('sku_id', v_request.sku_id, 'warehouse_location', v_request.warehouse_id,
        'requested_at', app.rfc3339(v_request.requested_at), 'found', v_request.units, 'order_id', p_document,
        'version', v_request.version, 'old', jsonb_build_object('found', v_request.units - (
          select sum(f.units) from unnest(p_found) f
           where f.warehouse_id = v_request.warehouse_id and f.sku_id = v_request.sku_id))),
      p_actor => p_actor, p_request_id => p_request_id);
  end loop;
end
$$;

grant execute on function stock.request_counts(smallint, orders.pick[], text, text, text) to scoville_definer;
