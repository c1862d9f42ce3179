-- "Why is it 37?": the ledger of a SKU, newest first; stock_after of the first row is the current quantity.
create or replace function api.list_movements(
  p_region_id smallint,
  p_sku_id text,
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
  v_before bigint := app.cursor_number(app.decode_cursor(p_cursor => p_cursor, p_list => 'movements', p_values => 1) ->> 1);
  v_warehouse text := p_filters ->> 'warehouse';
  v_kind text := p_filters ->> 'kind';
  v_rows json[];
  v_last jsonb;
begin
  if not exists (select from catalog.skus k where k.sku_id = p_sku_id) then
    raise exception using errcode = 'ST010', message = 'sku not found',
      detail = json_build_object('detail', format('SKU %s does not exist.%s', p_sku_id, catalog.suggest_sku(p_sku_id)))::text;
  end if;
  select array_agg(s.document order by s.movement_id desc),
         jsonb_build_array('movements', min(s.movement_id) filter (where s.nth = p_limit)::text)
    into v_rows, v_last
    from (select m.movement_id, row_number() over (order by m.movement_id desc) as nth, json_build_object(
                   'movement_id', m.movement_id, 'occurred_at', app.rfc3339(m.occurred_at),
                   'recorded_at', app.rfc3339(m.recorded_at), 'warehouse_location', m.warehouse_id, 'kind', m.kind,
                   'batch_number', t.batch_number, 'stock_delta', m.on_hand_delta,
                   'available_delta', m.on_hand_delta - m.reserved_delta - m.committed_delta - m.unavailable_delta
                     - m.safety_stock_delta,
                   'reserved_delta', m.reserved_delta, 'committed_delta', m.committed_delta,
                   'unavailable_delta', m.unavailable_delta, 'safety_stock_delta', m.safety_stock_delta,
                   'withheld_delta', coalesce(m.withheld_delta, 0),
                   'withholding_id', stock.withholding_public_id(p_region_id, m.withholding_id),
                   'stock_after', m.on_hand_after, 'available_after', m.available_after, 'version', m.version,
                   'reason_code', m.reason_code, 'note', m.note, 'document', m.document, 'actor', m.actor,
                   'request_id', m.request_id) as document
            from stock.stock_movements m
            left join stock.lots t on t.region_id = p_region_id and t.lot_id = m.lot_id
           where m.region_id = p_region_id and m.sku_id = p_sku_id
             and (v_before is null or m.movement_id < v_before)
             and (v_warehouse is null or m.warehouse_id = v_warehouse)
             and (v_kind is null or m.kind = v_kind)
           order by m.movement_id desc
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit => p_limit, p_documents => v_rows, p_last => v_last) p;
end
$$;

comment on function api.list_movements(smallint, text, jsonb, text, integer) is
  'The ledger of a SKU, newest first: every change with its kind, reason, document, actor and the stock after it. Filters: '
  'warehouse, kind.
Errors: ST010 VA001';
grant execute on function api.list_movements(smallint, text, jsonb, text, integer) to admin, warehouse;
