-- One page of the parcels that left with units of the lots of a recall, with the customers as the orders name them now.
create or replace function api.list_recall_parcels(
  p_region_id smallint,
  p_recall_id text,
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
  v_after jsonb := app.decode_cursor(p_cursor => p_cursor, p_list => 'recall_parcels', p_values => 2);
  v_recall_id bigint := stock.find_recall(p_region_id, p_recall_id);
  v_rows json[];
  v_last jsonb;
begin
  if v_recall_id is null then
    raise exception using errcode = 'RC004', message = 'recall not found',
      detail = json_build_object('detail', format('Recall %s does not exist, or concerns nothing of yours.', p_recall_id))::text;
  end if;
  select array_agg(s.document order by s.fulfillment_id, s.lot_id),
         (array_agg(jsonb_build_array('recall_parcels', s.fulfillment_id::text, s.lot_id::text) order by s.fulfillment_id, s.lot_id))[p_limit]
    into v_rows, v_last
    from (select c.fulfillment_id, c.lot_id, json_build_object(
                   'fulfillment_id', 'FUL-' || p_region_id || '-' || c.fulfillment_id, 'order_id', orders.public_id(p_region_id, c.order_id),
                   'external_id', o.external_id, 'channel', c.channel_id, 'warehouse_location', c.warehouse_id,
                   'shipped_at', app.rfc3339(f.shipped_at), 'tracking_number', f.tracking_number, 'sku_id', t.sku_id,
                   'batch_number', t.batch_number, 'quantity', c.quantity, 'recovered', b.recovered, 'returned', b.returned,
                   'unreadable', b.unreadable, 'returns', b.return_ids, 'assumed', c.assumed,
                   'customer', json_build_object('name', o.customer_name, 'email', k.email, 'phone', k.phone, 'address', o.customer_address))
                   as document
            from stock.recall_parcels c
            join stock.recall_recoveries(p_region_id, v_recall_id) b on b.fulfillment_id = c.fulfillment_id and b.lot_id = c.lot_id
            join stock.lots t on t.region_id = p_region_id and t.lot_id = c.lot_id
            join orders.fulfillments f on f.region_id = p_region_id and f.fulfillment_id = c.fulfillment_id
            join orders.orders o on o.region_id = p_region_id and o.order_id = c.order_id
            left join orders.order_contacts k on k.region_id = p_region_id and k.order_id = c.order_id
           where c.region_id = p_region_id and c.recall_id = v_recall_id
             and (v_after is null or (c.fulfillment_id, c.lot_id) > (app.cursor_number(v_after ->> 1), app.cursor_number(v_after ->> 2)))
             and (p_filters ->> 'sku' is null or t.sku_id = p_filters ->> 'sku')
             and (p_filters ->> 'channel' is null or c.channel_id = p_filters ->> 'channel')
             and (p_filters ->> 'recovered' is null or (b.recovered = c.quantity) = (p_filters ->> 'recovered')::boolean)
           order by c.fulfillment_id, c.lot_id
           limit p_limit + 1) s;
  return query select p.body, p.next_cursor from app.page_at(p_limit => p_limit, p_documents => v_rows, p_last => v_last) p;
end
$$;

comment on function api.list_recall_parcels(smallint, text, jsonb, text, integer) is
  'The parcels of a recall and their customers, in order of the parcels. Filters: sku, channel, recovered (false: something is still out).
Errors: RC004 VA001';
grant execute on function api.list_recall_parcels(smallint, text, jsonb, text, integer) to admin, sales;
