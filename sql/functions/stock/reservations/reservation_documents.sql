-- Reservations as documents. One that has expired appears as the worker will leave it (expired since expires_at, its version one
-- higher). So the document does not reveal whether it was swept, and the ETag changes at the moment of expiry.
create or replace function stock.reservation_documents(
  p_region_id smallint,
  p_reservation_ids bigint[]
)
  returns table (reservation_id bigint, etag text, document json)
  language sql
  stable
  set search_path = ''
as $$
  select r.reservation_id, s.version::text, json_build_object(
           'reservation_id', stock.reservation_public_id(r.region_id, r.reservation_id),
           'status', s.status,
           'channel', r.channel_id,
           'owner', r.owner,
           'items', stock.reservation_items(p_region_id, r.reservation_id),
           'allocations', (
             select json_agg(json_build_object(
                      'sku_id', l.sku_id, 'warehouse_location', l.warehouse_id, 'quantity', l.quantity)
                      order by l.sku_id, l.warehouse_id)
               from stock.reservation_lines l where l.region_id = p_region_id and l.reservation_id = r.reservation_id),
           'expires_at', app.rfc3339(r.expires_at),
           'created_at', app.rfc3339(r.created_at),
           'updated_at', app.rfc3339(case when s.status = r.status then r.updated_at else r.expires_at end),
           'order_id', orders.public_id(p_region_id, r.order_id),
           'note', r.note,
           'version', s.version)
    from (select h.*, app.now() as seen_at
            from stock.reservations h
           where h.region_id = p_region_id and h.reservation_id = any (p_reservation_ids)) r
   cross join lateral (select stock.reservation_status(p_status => r.status, p_expires_at => r.expires_at, p_now => r.seen_at)) t (status)
   cross join lateral (select t.status, r.version + (t.status <> r.status)::integer) s (status, version);
$$;

grant execute on function stock.reservation_documents(smallint, bigint[]) to scoville_definer, admin, sales, integration;
