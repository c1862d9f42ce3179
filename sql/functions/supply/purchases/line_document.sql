-- A line of a purchase as a document.
create or replace function supply.line_document(
  p_line supply.purchase_lines
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object('sku_id', p_line.sku_id, 'expected_on', p_line.expected_on, 'quantity', p_line.quantity, 'over', p_line.over,
           'received', p_line.received, 'damaged', p_line.damaged, 'refused', p_line.refused, 'canceled', p_line.canceled,
           'open_quantity', p_line.open_quantity);
$$;

grant execute on function supply.line_document(supply.purchase_lines) to scoville_definer, admin, warehouse;
