-- Every type of event that there is. A new one is added here, in pyapp's AsyncAPI and in the consumers' guide.
create or replace function events.known_types()
  returns text[]
  language sql
  immutable
  parallel safe
  return array['stock.received', 'stock.adjusted', 'stock.reserved', 'stock.released', 'stock.committed', 'stock.fulfilled',
    'stock.low', 'stock.out', 'stock.back_in', 'reservation.created', 'reservation.extended', 'reservation.released',
    'reservation.expired', 'reservation.committed', 'order.placed', 'order.modified', 'order.canceled', 'order.fulfilled',
    'lot.status_changed', 'lot.expiring', 'sku.changed', 'webhook.disabled', 'webhook.test'];

grant execute on function events.known_types() to admin, warehouse, sales, integration, scoville_worker, scoville_definer;
