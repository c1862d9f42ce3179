-- Changes one locked order, all or nothing. Returns a refusal, or null on success. Members that the request leaves out stay. A
-- request without a change writes no version, audit or event. Its items say what new bundles are made of (orders.name_components).
-- Lock order: the caller has locked all levels that could be affected, and the order (orders.lock_orders).
create or replace function orders.modify_order(
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
  v_order orders.orders;
  v_current jsonb;
  v_priced record;
  v_settled record;
  v_moved record;
  v_total numeric;
  v_lines jsonb;  -- null: the lines stay
  v_changes jsonb := '[]';
  v_waiting jsonb := '{}';
  v_refusal api.refusal;
begin
  select o.* into v_order from orders.orders o where o.region_id = p_region_id and o.order_id = p_order_id;
  v_refusal := orders.refuse_change(p_region_id => p_region_id, p_order => v_order, p_request => p_request);
  v_total := v_order.total_price;
  if v_refusal.code is null and p_request -> 'items' <> 'null' then
    v_current := orders.current_lines(p_region_id, p_order_id);
    v_refusal := orders.refuse_claimed(p_request -> 'items', v_current);
    if v_refusal.code is not null then
      return v_refusal;
    end if;
    p_request := p_request || jsonb_build_object('items', orders.kept_items(p_request -> 'items'));
    select p.lines, p.total_price, p.refusal into v_priced
      from orders.price_lines(p_region_id => p_region_id, p_order => v_order, p_request => p_request) p;
    v_total := v_priced.total_price;
    v_refusal := v_priced.refusal;
    if v_refusal.code is null then
      select s.lines, s.refusal into v_settled
        from orders.settle_lines(p_current => orders.readdress_lines(v_current, v_priced.lines), p_priced => v_priced.lines,
               p_items => p_request -> 'items') s;
      v_lines := v_settled.lines;
      v_refusal := v_settled.refusal;
    end if;
    if v_refusal.code is null and v_lines = v_current then
      v_lines := null;
    elsif v_refusal.code is null then
      select r.changes, r.waiting, r.refusal into v_moved
        from orders.reallocate(p_region_id => p_region_id, p_order => v_order, p_lines => v_lines,
               p_items => p_request -> 'items', p_current => v_current) r;
      v_changes := v_moved.changes;
      v_waiting := v_moved.waiting;
      v_refusal := v_moved.refusal;
    end if;
  elsif v_refusal.code is null then
    v_refusal := orders.refuse_draft(p_order => p_request, p_channel_id => v_order.channel_id, p_channel_known => true,
      p_total => v_total, p_lines => '[]');
  end if;
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  perform orders.write_change(p_region_id => p_region_id, p_order => v_order, p_request => p_request, p_total => v_total,
    p_lines => v_lines, p_changes => v_changes, p_waiting => v_waiting);
  return null;
end
$$;

grant execute on function orders.modify_order(smallint, bigint, jsonb) to scoville_definer;
