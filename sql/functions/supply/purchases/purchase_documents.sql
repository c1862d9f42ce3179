-- Purchases as documents, as the caller may see them: the head and the sums of their lines. overdue: units are open after the day on which they
-- were expected.
create or replace function supply.purchase_documents(
  p_region_id smallint,
  p_purchase_ids bigint[]
)
  returns table (purchase_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  select p.purchase_id, json_build_object(
           'purchase_id', supply.purchase_public_id(p_region_id, p.purchase_id), 'supplier_id', p.supplier_id,
           'warehouse_location', p.warehouse_id, 'status', p.status, 'expected_on', p.expected_on, 'overdue', s.overdue,
           'supplier_reference', p.supplier_reference, 'note', p.note, 'quantity', s.quantity, 'over', s.over, 'received', s.received,
           'damaged', s.damaged, 'refused', s.refused, 'canceled', s.canceled, 'open_quantity', s.open_quantity,
           'ordered_at', app.rfc3339(p.ordered_at), 'closed_at', app.rfc3339(p.closed_at), 'version', p.version,
           'created_at', app.rfc3339(p.created_at), 'updated_at', app.rfc3339(p.updated_at))
    from supply.purchases p
   cross join lateral (
     select coalesce(sum(l.quantity), 0) as quantity, coalesce(sum(l.over), 0) as over, coalesce(sum(l.received), 0) as received,
            coalesce(sum(l.damaged), 0) as damaged, coalesce(sum(l.refused), 0) as refused, coalesce(sum(l.canceled), 0) as canceled,
            coalesce(sum(l.open_quantity), 0) as open_quantity,
            coalesce(bool_or(l.is_ordered and l.open_quantity > 0 and coalesce(l.expected_on, p.expected_on) < app.today(p_region_id)), false)
              as overdue
       from supply.purchase_lines l where l.region_id = p_region_id and l.purchase_id = p.purchase_id) s
   where p.region_id = p_region_id and p.purchase_id = any (p_purchase_ids);
$$;

grant execute on function supply.purchase_documents(smallint, bigint[]) to scoville_definer, admin, warehouse;
