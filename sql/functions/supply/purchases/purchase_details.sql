-- Purchases as documents with their lines and deliveries.
create or replace function supply.purchase_details(
  p_region_id smallint,
  p_purchase_ids bigint[]
)
  returns table (purchase_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  select d.purchase_id, app.join_json(d.document, json_build_object('items', coalesce(l.items, '[]'), 'receipts', coalesce(r.receipts, '[]')))
    from supply.purchase_documents(p_region_id, p_purchase_ids) d
   cross join lateral (
     select json_agg(supply.line_document(n) order by n.line_no) as items
       from supply.purchase_lines n where n.region_id = p_region_id and n.purchase_id = d.purchase_id) l
   cross join lateral (
     select json_agg(supply.receipt_document(c) order by c.receipt_id) as receipts
       from supply.receipts c where c.region_id = p_region_id and c.purchase_id = d.purchase_id) r;
$$;

grant execute on function supply.purchase_details(smallint, bigint[]) to scoville_definer, admin, warehouse;
