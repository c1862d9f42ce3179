-- Books units of an approved return: they are on hand and withheld, whatever their lot is, so nothing sells them before it is said what
-- becomes of them. Returns a refusal, or null.
-- Lock order: the caller has locked the levels and the return; here lots and lot_levels (stock.post_movements).
create or replace function orders.receive_return(
  p_region_id smallint,
  p_return_id bigint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_return orders.returns;
  v_refusal api.refusal;
  v_read record;
  v_withheld jsonb;
  v_written bigint;
begin
  select r.* into v_return from orders.returns r where r.region_id = p_region_id and r.return_id = p_return_id;
  v_refusal := orders.refuse_return(p_return => v_return, p_request => p_request, p_statuses => array['approved', 'received']);
  if v_refusal.code is null and coalesce(jsonb_array_length(p_request -> 'items'), 0) = 0 then
    v_refusal := app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => 'Say what came: name at least one SKU.');
  end if;
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  select a.arrivals, a.refusal into v_read from orders.read_arrivals(p_region_id => p_region_id, p_return_id => p_return_id,
    p_items => p_request -> 'items') a;
  if (v_read.refusal).code is not null then
    return v_read.refusal;
  end if;
  perform stock.create_unknown_lots(p_region_id => p_region_id, p_sku_ids => array(
      select a ->> 'sku_id' from jsonb_array_elements(v_read.arrivals) a where a ->> 'lot_id' is null),
    p_actor => v_actor, p_request_id => v_request_id);
  v_withheld := (
    select jsonb_agg(a || jsonb_build_object('withholding_id', nextval('stock.withholdings_withholding_id_seq'), 'lot_id',
             coalesce((a ->> 'lot_id')::bigint, t.lot_id)) order by a ->> 'sku_id', a ->> 'line_no')
      from jsonb_array_elements(v_read.arrivals) a
      left join stock.lots t on t.region_id = p_region_id and t.sku_id = a ->> 'sku_id' and t.batch_key = stock.unknown_lot_key());
  perform stock.post_movements(p_region_id, array(
    select stock.new_movement(p_warehouse_id => v_return.warehouse_id, p_sku_id => a ->> 'sku_id', p_kind => 'return',
             p_delta => stock.new_counters(p_on_hand => (a ->> 'units')::bigint), p_lot_id => (a ->> 'lot_id')::bigint,
             p_reason_code => 'return', p_note => p_request ->> 'note',
             p_document => orders.return_public_id(p_region_id, p_return_id), p_actor => v_actor, p_request_id => v_request_id,
             p_withheld => (a ->> 'units')::bigint, p_withholding_id => (a ->> 'withholding_id')::bigint, p_cause => 'returned')
      from jsonb_array_elements(v_withheld) a));
  with written as (
    insert into orders.return_receipts (region_id, withholding_id, return_id, line_no, channel_id, warehouse_id)
    select p_region_id, (a ->> 'withholding_id')::bigint, p_return_id, (a ->> 'line_no')::smallint, v_return.channel_id,
           v_return.warehouse_id
      from jsonb_array_elements(v_withheld) a
    returning 1
  )
  select count(*) into v_written from written;
  if v_written <> jsonb_array_length(v_withheld) then
    raise exception using errcode = 'internal_error', message = 'received units without a line';
  end if;
  update orders.return_lines l
     set received = l.received + s.units
    from (select (a ->> 'line_no')::smallint as line_no, sum((a ->> 'units')::integer) as units
            from jsonb_array_elements(v_withheld) a group by 1) s
   where l.region_id = p_region_id and l.return_id = p_return_id and l.line_no = s.line_no;
  update orders.returns r
     set status = 'received', version = r.version + 1, updated_at = app.now(), changed_by = v_actor,
         change_reason = concat_ws(': ', 'received', p_request ->> 'note'), request_id = v_request_id
   where r.region_id = p_region_id and r.return_id = p_return_id;
  perform orders.emit_return(p_region_id => p_region_id, p_return_id => p_return_id, p_type => 'return.received', p_actor => v_actor,
    p_request_id => v_request_id);
  return null;
end
$$;

grant execute on function orders.receive_return(smallint, bigint, jsonb) to scoville_definer;
