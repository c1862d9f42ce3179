-- Changes one locked order, all or nothing: answers a refusal (code, body), or nulls when it is done. What a request leaves out
-- stays; one that changes nothing leaves version, audit and events alone.
-- Lock order: the caller has locked every level that could be concerned, and the order (orders.lock_orders).
create or replace function orders.modify_order(
  p_region_id smallint,
  p_order_id bigint,
  p_request jsonb,
  out code text,
  out body jsonb
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_order orders.orders;
  v_held jsonb;
  v_total numeric;
  v_lines jsonb;  -- null: they stay
  v_changes jsonb := '[]';
  v_refusal jsonb;
begin
  select o.* into v_order from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id;
  v_refusal := orders.refuse_change(p_region_id, v_order, p_request);
  v_total := v_order.total_price;
  if v_refusal is null and p_request -> 'items' <> 'null' then
    v_held := orders.open_units(p_region_id, p_order_id);
    select p.lines, p.total_price, p.refusal into v_lines, v_total, v_refusal
      from orders.price_lines(p_region_id, v_order, p_request, v_held) p;
    if v_refusal is null and v_lines = orders.current_lines(p_region_id, p_order_id) then
      v_lines := null;
    elsif v_refusal is null then
      select r.changes, r.refusal into v_changes, v_refusal
        from orders.reallocate(p_region_id, v_order, v_lines, v_held) r;
    end if;
  elsif v_refusal is null then
    v_refusal := orders.refusal_of(p_request, v_order.channel_id, true, null, v_total, '[]', null, null, null);
  end if;
  if v_refusal is not null then
    code := v_refusal ->> 'code';
    body := v_refusal -> 'body';
    return;
  end if;
  perform orders.write_change(p_region_id, v_order, p_request, v_total, v_lines, v_changes);
end
$$;

grant execute on function orders.modify_order(smallint, bigint, jsonb) to scoville_definer;
