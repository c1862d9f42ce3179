-- Changes or adds the lines of the SKUs that the items name. Of an ordered purchase, incoming follows. What came in addition to a line counts
-- for it as soon as it is raised. The audit keeps the items: lines have no history of their own.
create or replace function supply.write_items(
  p_purchase supply.purchases,
  p_items jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_before jsonb := (
    select coalesce(jsonb_object_agg(l.sku_id, l.open_quantity), '{}')
      from supply.purchase_lines l where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id);
begin
  if p_items = '[]' then
    return;
  end if;
  insert into supply.purchase_lines as l (region_id, purchase_id, line_no, warehouse_id, sku_id, is_ordered, expected_on, quantity)
  select p_purchase.region_id, p_purchase.purchase_id, m.line_no + e.ordinality, p_purchase.warehouse_id, e.value ->> 'sku_id',
         p_purchase.status <> 'draft', (e.value ->> 'expected_on')::date, (e.value ->> 'quantity')::integer
    from jsonb_array_elements(p_items) with ordinality e
   cross join (select coalesce(max(n.line_no), 0) as line_no from supply.purchase_lines n
                where n.region_id = p_purchase.region_id and n.purchase_id = p_purchase.purchase_id) m
   where not v_before ? (e.value ->> 'sku_id')
   order by e.ordinality
  on conflict do nothing;
  update supply.purchase_lines l
     set quantity = coalesce((e.value ->> 'quantity')::integer, l.quantity),
         over = greatest(0, l.received + l.damaged + l.refused + l.canceled - coalesce((e.value ->> 'quantity')::integer, l.quantity)),
         expected_on = case when e.value ? 'expected_on' then (e.value ->> 'expected_on')::date else l.expected_on end
    from jsonb_array_elements(p_items) e
   where l.region_id = p_purchase.region_id and l.purchase_id = p_purchase.purchase_id and l.sku_id = e.value ->> 'sku_id'
     and v_before ? l.sku_id;
  perform audit.record(p_action => case when v_before = '{}' then 'insert' else 'update' end, p_table_name => 'supply.purchase_lines',
    p_row_key => p_purchase.purchase_id::text, p_old => null, p_new => jsonb_build_object('items', p_items),
    p_reason => p_purchase.change_reason, p_actor => p_purchase.changed_by, p_request_id => p_purchase.request_id,
    p_region_id => p_purchase.region_id);
  if p_purchase.status <> 'draft' then
    perform supply.post_expected(p_purchase, v_before);
  end if;
end
$$;

grant execute on function supply.write_items(supply.purchases, jsonb) to scoville_definer;
