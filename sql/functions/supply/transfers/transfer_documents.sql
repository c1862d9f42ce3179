-- Transfers as documents, as the caller may see them: the head and the sums of their units.
create or replace function supply.transfer_documents(
  p_region_id smallint,
  p_transfer_ids bigint[]
)
  returns table (transfer_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  select f.transfer_id, json_build_object(
           'transfer_id', supply.transfer_public_id(p_region_id, f.transfer_id), 'from_warehouse_location', f.from_warehouse_id,
           'to_warehouse_location', f.to_warehouse_id, 'status', f.status, 'reference', f.reference, 'note', f.note,
           'expected_on', f.expected_on, 'quantity', l.quantity, 'shipped', t.shipped, 'received', t.received, 'damaged', t.damaged,
           'lost', t.lost, 'taken_back', t.taken_back, 'in_transit', t.in_transit, 'shipped_at', app.rfc3339(f.shipped_at),
           'ended_at', app.rfc3339(f.ended_at), 'version', f.version, 'created_at', app.rfc3339(f.created_at),
           'updated_at', app.rfc3339(f.updated_at))
    from supply.transfers f
   cross join lateral (
     select coalesce(sum(n.quantity), 0) as quantity
       from supply.transfer_lines n where n.region_id = p_region_id and n.transfer_id = f.transfer_id) l
   cross join lateral (
     select coalesce(sum(n.shipped), 0) as shipped, coalesce(sum(n.received), 0) as received, coalesce(sum(n.damaged), 0) as damaged,
            coalesce(sum(n.lost), 0) as lost, coalesce(sum(n.taken_back), 0) as taken_back, coalesce(sum(n.in_transit), 0) as in_transit
       from supply.transfer_lots n where n.region_id = p_region_id and n.transfer_id = f.transfer_id) t
   where f.region_id = p_region_id and f.transfer_id = any (p_transfer_ids);
$$;

grant execute on function supply.transfer_documents(smallint, bigint[]) to scoville_definer, admin, warehouse;
