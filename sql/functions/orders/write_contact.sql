-- Sets, changes or removes (null) the e-mail address and the phone number of a locked order, with their audit. p_old, p_new: the
-- customer of the order's document.
create or replace function orders.write_contact(
  p_region_id smallint,
  p_order orders.orders,
  p_old jsonb,
  p_new jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb := jsonb_build_object('email', p_old -> 'email', 'phone', p_old -> 'phone');
  v_new jsonb := jsonb_build_object('email', p_new -> 'email', 'phone', p_new -> 'phone');
begin
  if v_old = v_new then
    return;
  end if;
  delete from orders.order_contacts c where c.region_id = p_region_id and c.order_id = p_order.order_id;
  if jsonb_strip_nulls(v_new) <> '{}' then
    insert into orders.order_contacts (region_id, order_id, channel_id, email, email_key, phone, phone_key)
    values (p_region_id, p_order.order_id, p_order.channel_id, v_new ->> 'email', app.fold(v_new ->> 'email'), v_new ->> 'phone',
            orders.phone_key(v_new ->> 'phone'));
  end if;
  perform audit.record(p_action => 'update', p_table_name => 'orders.order_contacts', p_row_key => p_order.order_id::text,
    p_old => v_old, p_new => v_new, p_reason => p_order.change_reason, p_actor => p_order.changed_by,
    p_request_id => p_order.request_id, p_region_id => p_region_id);
end
$$;

grant execute on function orders.write_contact(smallint, orders.orders, jsonb, jsonb) to scoville_definer;
