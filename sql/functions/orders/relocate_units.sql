-- Moves promised units of one locked order to other warehouses, all or nothing. What becomes free goes to the orders that wait, in the
-- same posting. Returns a refusal, or null on success.
-- Lock order: the caller has locked the order and all levels (orders.lock_relocations).
create or replace function orders.relocate_units(
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
  v_channels text[] := app.claim_channels();
  v_order orders.orders;
  v_planned record;
begin
  select o.* into v_order from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id;
  if v_order.order_id is null then
    return orders.refuse_missing(p_region_id, p_request ->> 'order_id');
  elsif not orders.is_version(p_request ->> 'if_match', v_order.version) then
    return app.refuse('ST009', 'This order changed since you read it. Read it again and decide again.');
  elsif v_order.status in ('canceled', 'completed') then
    return app.refuse('OR014', format('The order is %s: no units are promised to it any more.', v_order.status));
  elsif coalesce(nullif(p_request -> 'items', 'null'), '[]') = '[]' then
    return app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => 'Say which units move where: items is missing.');
  end if;
  v_planned := orders.plan_relocations(p_region_id => p_region_id, p_order => v_order, p_items => p_request -> 'items');
  if (v_planned.refusal).code is not null then
    return v_planned.refusal;
  end if;
  -- Staff reach the order through their warehouses; its new allocation is of its channel.
  perform set_config('scoville.channels', array[v_order.channel_id]::text, true);
  perform orders.write_relocations(p_region_id => p_region_id, p_relocations => v_planned.relocations,
    p_actor => coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()),
    p_reason => p_request ->> 'reason',
    p_request_id => coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id()));
  perform stock.post_movements(p_region_id, orders.relocation_movements(p_region_id, v_planned.relocations));
  perform set_config('scoville.channels', coalesce(v_channels::text, ''), true);
  return null;
end
$$;

grant execute on function orders.relocate_units(smallint, bigint, jsonb) to scoville_definer;
