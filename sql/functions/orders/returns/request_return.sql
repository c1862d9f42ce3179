-- Writes one new return, or returns its refusal. It goes to the warehouse that the request names, or to the one that shipped the first
-- of its units.
-- Lock order: the caller has locked the order, so the units of a parcel are counted once.
create or replace function orders.request_return(
  p_region_id smallint,
  p_order_id bigint,
  p_request jsonb,
  out made_id bigint,
  out refusal api.refusal
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_channel text := coalesce(
    (select o.channel_id from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id),
    p_request ->> 'channel', app.claim_channel());
  v_split record;
  v_warehouse text;
  v_written bigint;
begin
  refusal := orders.refuse_return_request(p_region_id => p_region_id, p_order_id => p_order_id, p_channel_id => v_channel,
    p_request => p_request);
  if refusal.code is not null then
    return;
  end if;
  select s.lines, s.refusal into v_split from orders.split_return(p_region_id => p_region_id, p_order_id => p_order_id,
    p_items => p_request -> 'items') s;
  refusal := v_split.refusal;
  if refusal.code is not null then
    return;
  end if;
  v_warehouse := coalesce(p_request ->> 'warehouse_location', v_split.lines -> 0 ->> 'warehouse_id');
  insert into orders.returns
    (region_id, order_id, channel_id, warehouse_id, reason, note, person, created_at, updated_at, changed_by, change_reason, request_id)
  values (p_region_id, p_order_id, v_channel, v_warehouse, app.clean(p_request ->> 'reason'), p_request ->> 'note',
          app.clean(p_request ->> 'person'), app.now(), app.now(), v_actor, 'requested', v_request_id)
  returning return_id into made_id;
  with written as (
    insert into orders.return_lines (region_id, return_id, line_no, channel_id, warehouse_id, fulfillment_id, sku_id, quantity)
    select p_region_id, made_id, l.ordinality, v_channel, v_warehouse, (l.value ->> 'fulfillment_id')::bigint,
           l.value ->> 'sku_id', (l.value ->> 'quantity')::integer
      from jsonb_array_elements(v_split.lines) with ordinality l
    returning 1
  )
  select count(*) into v_written from written;
  if v_written <> jsonb_array_length(v_split.lines) then
    raise exception using errcode = 'internal_error', message = 'a return without its lines';
  end if;
  perform orders.emit_return(p_region_id => p_region_id, p_return_id => made_id, p_type => 'return.requested', p_actor => v_actor,
    p_request_id => v_request_id);
end
$$;

grant execute on function orders.request_return(smallint, bigint, jsonb) to scoville_definer;
