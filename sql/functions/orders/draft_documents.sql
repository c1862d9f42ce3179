-- The documents of orders that this transaction has just written, by order_id, made from the drafts: the same documents that
-- orders.documents would read back from five tables.
create or replace function orders.draft_documents(
  p_orders orders.orders[],
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns json[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_historic integer[] := array(select d.ordinal from unnest(p_drafts) d where d.historic);
begin
  return (
    select array_agg(orders.render_document(p_order => o, p_email => d.customer_email, p_items => i.items,
             p_allocations => a.allocations, p_fulfillments => '[]') order by o.order_id)
      from unnest(p_orders) o
      join unnest(p_drafts) d on d.order_id = o.order_id
      join (select l.ordinal, json_agg(orders.allocation_document(p_sku_id => l.sku_id, p_warehouse_id => l.warehouse_id,
                     p_quantity => l.quantity, p_fulfilled => case when l.ordinal = any (v_historic) then l.quantity else 0 end,
                     p_released => 0)
                     order by l.sku_id collate "C", l.warehouse_id collate "C") as allocations
              from unnest(p_allocations) l
             group by l.ordinal) a on a.ordinal = d.ordinal
     cross join lateral (
       select json_agg(orders.item_document(p_sku_id => l.sku_id, p_quantity => l.quantity, p_price => l.price,
                p_fulfilled => case when d.historic then l.quantity else 0 end, p_canceled => 0) order by l.line_no) as items
         from jsonb_to_recordset(d.lines)
                as l (line_no smallint, sku_id text, quantity integer, price numeric(9, 2))) i);
end
$$;

grant execute on function orders.draft_documents(orders.orders[], orders.draft[], stock.allocation[]) to scoville_definer;
