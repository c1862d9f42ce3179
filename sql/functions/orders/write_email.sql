-- Sets, changes or (null) removes the e-mail address of a locked order, with its audit.
create or replace function orders.write_email(
  p_region_id smallint,
  p_order orders.orders,
  p_old text,
  p_new text
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  if p_old is not distinct from p_new then
    return;
  end if;
  delete from orders.order_contacts c where c.region_id = p_region_id and c.order_id = p_order.order_id;
  if p_new is not null then
    insert into orders.order_contacts (region_id, order_id, channel_id, email, email_key)
    values (p_region_id, p_order.order_id, p_order.channel_id, p_new, app.fold(p_new));
  end if;
  perform audit.record(p_action => 'update', p_table_name => 'orders.order_contacts', p_row_key => p_order.order_id::text,
    p_old => jsonb_build_object('email', p_old), p_new => jsonb_build_object('email', p_new),
    p_reason => p_order.change_reason, p_actor => p_order.changed_by, p_request_id => p_order.request_id,
    p_region_id => p_region_id);
end
$$;

grant execute on function orders.write_email(smallint, orders.orders, text, text) to scoville_definer;
