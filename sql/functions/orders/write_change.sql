-- Writes the changes of a request to a locked order, with audit and event; writes nothing if nothing changes. p_lines null: the lines
-- stay. An order that has no open units any more was shipped as far as it still goes: it is completed, as after a cancellation of the
-- rest. The event has the former values in "old", except e-mail and phone number.
create or replace function orders.write_change(
  p_region_id smallint,
  p_order orders.orders,
  p_request jsonb,
  p_total numeric,
  p_lines jsonb,
  p_changes jsonb,
  p_waiting jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb := (select d.document from orders.documents(p_region_id => p_region_id, p_order_ids => array[p_order.order_id],
                     p_complete => true) d);
  v_customer jsonb := (v_old -> 'customer') || coalesce(nullif(p_request -> 'customer', 'null'), '{}');
  v_key bytea := (select k.secret from identity.pseudonym_keys k);
  v_changed_at timestamptz;
  v_is_over boolean := not exists (select from orders.line_units(p_lines) u where u.open > 0) and p_lines is not null;
  v_note text := case when p_request ? 'note' then p_request ->> 'note' else p_order.note end;
begin
  if p_lines is null and v_customer = v_old -> 'customer' and v_note is not distinct from p_order.note then
    return;
  end if;
  v_changed_at := orders.begin_change();
  p_order.total_price := p_total;
  p_order.warehouse_ids := array(
    select u.warehouse_id
      from (select a.warehouse_id, a.quantity - a.released_quantity as units
              from orders.order_allocations a
             where a.region_id = p_region_id and a.order_id = p_order.order_id
             union all
            select c.warehouse_id, c.units
              from jsonb_to_recordset(p_changes) as c (warehouse_id text, units integer)) u
     group by u.warehouse_id
    having sum(u.units) > 0
     order by u.warehouse_id);
  p_order.changed_by := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  p_order.request_id := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  p_order.change_reason := concat_ws(': ', 'modified', p_request ->> 'reason');
  if p_lines is not null then
    perform orders.write_lines(p_region_id => p_region_id, p_order => p_order, p_lines => p_lines, p_changes => p_changes, p_waiting => p_waiting,
      p_old_items => v_old -> 'items');
  end if;
  perform orders.write_contact(p_region_id => p_region_id, p_order => p_order, p_old => v_old -> 'customer', p_new => v_customer);
  update orders.orders o
     set customer_name = v_customer ->> 'name', customer_key = app.fold(v_customer ->> 'name'), customer_address = v_customer ->> 'address',
         customer_pseudonym = coalesce(orders.pseudonym(v_key, coalesce(v_customer ->> 'email', v_customer ->> 'name')),
           o.customer_pseudonym), note = v_note,
         customer_erased_at = case when coalesce(v_customer ->> 'name', v_customer ->> 'email', v_customer ->> 'phone',
                                     v_customer ->> 'address') is null then o.customer_erased_at end,
         status = case when v_is_over then 'completed' else o.status end,
         unpaid_left = case when not v_is_over then o.unpaid_left end,
         total_price = p_order.total_price, warehouse_ids = p_order.warehouse_ids, version = o.version + 1,
         updated_at = v_changed_at, changed_by = p_order.changed_by, change_reason = p_order.change_reason,
         request_id = p_order.request_id
   where o.region_id = p_region_id and o.order_id = p_order.order_id;
  perform orders.emit_order_events(p_region_id => p_region_id, p_type => 'order.modified', p_order_ids => array[p_order.order_id],
    p_old => jsonb_build_object(p_order.order_id, orders.modifiable_members(v_old)),
    p_more => jsonb_build_object('reason', p_request ->> 'reason'));
end
$$;

grant execute on function orders.write_change(smallint, orders.orders, jsonb, numeric, jsonb, jsonb, jsonb) to scoville_definer;
