-- The lines of an order as they are, in the form that orders.settle_lines returns.
create or replace function orders.current_lines(
  p_region_id smallint,
  p_order_id bigint
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select jsonb_agg(jsonb_build_object('line_no', l.line_no, 'sku_id', l.sku_id, 'quantity', l.quantity, 'price', l.price,
           'amount', l.amount, 'amount_quantity', l.amount_quantity, 'fulfilled', l.fulfilled_quantity,
           'canceled', l.canceled_quantity, 'components', l.components,
           'address', l.address) order by l.line_no)
    from orders.order_lines l
   where l.region_id = p_region_id and l.order_id = p_order_id;
$$;

grant execute on function orders.current_lines(smallint, bigint) to scoville_definer;
