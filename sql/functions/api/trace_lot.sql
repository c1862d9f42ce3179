-- One page of the trace of a lot: every movement of its units in the ledger, the earliest first, with who was at the other end.
create or replace function api.trace_lot(
  p_region_id smallint,
  p_sku_id text,
  p_batch_number text,
  p_filters jsonb,
  p_cursor text,
  p_limit integer
)
  returns table (body json, next_cursor text)
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_custom_plan
as $$
declare
  v_after bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'trace', p_values => 1) ->> 1);
  v_kinds text[] := case p_filters ->> 'direction' when 'up' then array['receipt', 'transfer_in']
                                                   when 'down' then array['fulfill', 'unfulfill', 'return', 'transfer_out', 'send_back'] end;
  v_lot stock.lots;
  v_name text := (select k.name from catalog.skus k where k.sku_id = p_sku_id);
  v_rows json[];
  v_last jsonb;
begin
  select t.* into v_lot
    from stock.lots t where t.region_id = p_region_id and t.sku_id = p_sku_id and t.batch_key = app.code_key(p_batch_number);
  if v_lot.lot_id is null then
    raise exception using errcode = 'ST016', message = 'lot not found', detail = json_build_object('detail', format(
      'Lot %s of %s does not exist. GET /v1/inventory/%s/batches lists the existing lots.', p_batch_number, p_sku_id, p_sku_id))::text;
  end if;
  select array_agg(s.document order by s.movement_id), (array_agg(jsonb_build_array('trace', s.movement_id::text) order by s.movement_id))[p_limit]
    into v_rows, v_last
    from (select m.movement_id, json_build_object(
                   'event', m.kind, 'occurred_at', app.rfc3339(m.occurred_at), 'recorded_at', app.rfc3339(m.recorded_at),
                   'traceability_lot_code', v_lot.batch_number, 'sku_id', p_sku_id, 'product', v_name,
                   'expiration_date', v_lot.expiration_date, 'quantity', abs(m.on_hand_delta), 'unit_of_measure', 'each',
                   'direction', case when m.on_hand_delta > 0 then 'in' else 'out' end, 'warehouse_location', m.warehouse_id,
                   'reference', m.document, 'counterpart', coalesce(f.warehouse_id, nullif(concat_ws(', ', o.customer_name, o.customer_address), '')),
                   'reason_code', m.reason_code, 'note', m.note, 'actor', m.actor) as document
            from stock.stock_movements m
            left join orders.orders o
              on o.region_id = p_region_id
             and o.order_id = case when m.document ~ '^ORD-[0-9]{1,5}-[0-9]{1,18}$' then split_part(m.document, '-', 3)::bigint
                                   when m.document ~ '^RET-[0-9]{1,5}-[0-9]{1,18}$' then (
                                     select b.order_id from orders.returns b
                                      where b.region_id = p_region_id and b.return_id = split_part(m.document, '-', 3)::bigint) end
            left join lateral (
              select case m.warehouse_id when t.from_warehouse_id then t.to_warehouse_id else t.from_warehouse_id end as warehouse_id
                from supply.transfers t
               where t.region_id = p_region_id
                 and t.transfer_id = case when m.document ~ '^TRF-[0-9]{1,5}-[0-9]{1,18}$'
                                          then split_part(m.document, '-', 3)::bigint end) f on true
           where m.region_id = p_region_id and m.lot_id = v_lot.lot_id and m.on_hand_delta <> 0
             and (v_after is null or m.movement_id > v_after) and (v_kinds is null or m.kind = any (v_kinds))
           order by m.movement_id
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit => p_limit, p_documents => v_rows, p_last => v_last) p;
end
$$;

comment on function api.trace_lot(smallint, text, text, jsonb, text, integer) is
  'The trace of a lot, the earliest first: receipts (direction up), parcels and returns (down), everything else that changed its units (without a '
  'direction). Filters: direction (up, down).
Errors: ST016 VA001';
grant execute on function api.trace_lot(smallint, text, text, jsonb, text, integer) to admin;
