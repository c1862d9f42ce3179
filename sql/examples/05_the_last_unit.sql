-- Two sessions want the last 7 units. Open psql twice: lines below "Session 1" go into one, lines below "Session 2" into the other.

-- Session 1
begin;
select app.enter('sales', '{"sub": "till", "region": 1, "channels": ["web"]}');
select code, body ->> 'order_id' as order_id
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "GHOST-150", "quantity": 7}]}]');

-- Session 2
-- It waits here: session 1 holds the locks of both levels until it commits.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');
select code, body ->> 'detail' as detail, body -> 'errors' as errors
  from api.place_orders(1::smallint, '[{"customer": {"name": "John Roe"}, "items": [{"sku_id": "GHOST-150", "quantity": 1}]}]');

-- Session 1
commit;

-- Session 2
-- It has gone on, and decided on what session 1 left. Had session 1 rolled back, this order would have its unit.
commit;
