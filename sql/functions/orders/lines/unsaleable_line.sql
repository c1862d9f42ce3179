-- One entry of the faulty lines: the SKU is retired, has no price in this channel, or is sold in a currency other than the order's.
create or replace function orders.unsaleable_line(
  p_line_no integer,
  p_sku_id text,
  p_currency text,
  p_order_currency text
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/sku_id', 'sku_id', p_sku_id,
    'detail', case when p_currency <> p_order_currency
                   then format('SKU %s is sold in %s, this order in %s. Order it separately.', p_sku_id, p_currency, p_order_currency)
                   else format('SKU %s is not for sale here.', p_sku_id) end);

grant execute on function orders.unsaleable_line(integer, text, text, text) to scoville_definer;
