-- Confirms, holds or releases one locked order. Returns a refusal, or null on success. An order that is already what the request asks
-- for stays as it is: no version, audit or event is written.
-- Confirming a held order records that it was paid; it stays on hold. Holding a held order for another reason changes the reason.
-- An unpaid order can be confirmed (or held) after its time is over, as long as nobody canceled it: then its units are still there.
-- Lock order: the caller has locked the order and its levels.
create or replace function orders.change_status(
  p_region_id smallint,
  p_order_id bigint,
  p_route text,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_order orders.orders;
  v_new orders.orders;
  v_type text := case p_route when 'confirm_orders' then 'order.confirmed' when 'hold_orders' then 'order.held' else 'order.released' end;
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_refusal api.refusal;
begin
  select o.* into v_order from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id;
  v_refusal := orders.refuse_status(p_region_id => p_region_id, p_order => v_order, p_route => p_route, p_request => p_request);
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  v_new := v_order;
  if p_route = 'confirm_orders' then
    v_new.status := case v_order.status when 'pending' then 'processing' else v_order.status end;
    v_new.unpaid_until := null;
    v_new.unpaid_left := null;
  elsif p_route = 'hold_orders' then
    v_new.status := 'on_hold';
    v_new.unpaid_until := null;
    v_new.unpaid_left := coalesce(v_order.unpaid_until - v_now, v_order.unpaid_left);
  elsif v_order.status = 'on_hold' then
    v_new.status := orders.held_from(v_order.unpaid_left);
    v_new.unpaid_until := v_now + v_order.unpaid_left;
    v_new.unpaid_left := null;
  end if;
  if (v_new.status, v_new.unpaid_until, v_new.unpaid_left) is not distinct from
       (v_order.status, v_order.unpaid_until, v_order.unpaid_left)
     and (p_route <> 'hold_orders' or p_request ->> 'reason' = v_order.status_reason) then
    return null;
  end if;
  v_new.updated_at := orders.begin_change();
  if v_new.status <> v_order.status or p_route = 'hold_orders' then  -- a held order that is confirmed still says why it is held
    v_new.status_changed_at := v_new.updated_at;
    v_new.status_changed_by := v_actor;
    v_new.status_reason := p_request ->> 'reason';
  end if;
  update orders.orders o
     set status = v_new.status, unpaid_until = v_new.unpaid_until, unpaid_left = v_new.unpaid_left,
         status_changed_at = v_new.status_changed_at, status_changed_by = v_new.status_changed_by,
         status_reason = v_new.status_reason, version = o.version + 1,
         updated_at = v_new.updated_at, changed_by = v_actor,
         change_reason = concat_ws(': ', split_part(v_type, '.', 2), p_request ->> 'reason'),
         request_id = coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id())
   where o.region_id = p_region_id and o.order_id = p_order_id;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => v_type, p_order_ids => array[p_order_id],
    p_old => jsonb_build_object(p_order_id, jsonb_build_object('status', v_order.status,
      'unpaid_until', app.rfc3339(v_order.unpaid_until), 'version', v_order.version)));
  return null;
end
$$;

grant execute on function orders.change_status(smallint, bigint, text, jsonb) to scoville_definer;
