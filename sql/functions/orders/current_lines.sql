-- The lines of an order, in the form that orders.price_lines returns: the units that it still has. (Units of an unshipped order are canceled
-- if its only parcel was undone after the rest was canceled.)
create or replace function orders.current_lines(
  p_region_id smallint,
  p_order_id bigint
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select jsonb_agg(jsonb_build_object('line_no', l.line_no, 'sku_id', l.sku_id, 'quantity', l.quantity - l.canceled_quantity,
           'price', l.price, 'amount', l.amount, 'amount_quantity', l.amount_quantity) order by l.line_no)
    from orders.order_lines l
   where l.region_id = p_region_id and l.order_id = p_order_id;
$$;

grant execute on function orders.current_lines(smallint, bigint) to scoville_definer;
