-- A reservation keeps units while the customer pays, and becomes an order. Between the two nobody can take them.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');
select code, body ->> 'reservation_id' as reservation, body ->> 'status' as status
  from api.reserve_stock(1::smallint, '[{"items": [{"sku_id": "GHOST-150", "quantity": 3}], "ttl_seconds": 900}]');
select warehouse_id, on_hand, available, reserved, committed
  from stock.stock_levels where region_id = 1 order by warehouse_id;

-- Converted: the units move from reserved to committed under one lock. Channel and items come from the reservation.
select code, body ->> 'order_id' as order_id, body ->> 'total_price' as total
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe"}, "reservation_id": "RSV-1-1001"}]');
select warehouse_id, on_hand, available, reserved, committed
  from stock.stock_levels where region_id = 1 order by warehouse_id;

-- It can be converted once.
select code, body ->> 'detail' as detail
  from api.place_orders(1::smallint, '[{"customer": {"name": "John Roe"}, "reservation_id": "RSV-1-1001"}]');
commit;

-- A reservation ends at its time, not when a worker sweeps it. scoville.now moves the clock of this session (tests do the same).
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');
select code, body ->> 'reservation_id' as reservation
  from api.reserve_stock(1::smallint, '[{"items": [{"sku_id": "GHOST-150", "quantity": 4}], "ttl_seconds": 60}]');
select set_config('scoville.now', (now() + interval '61 seconds')::text, true) is not null as a_minute_later;
select body ->> 'status' as status from api.get_reservation(1::smallint, 'RSV-1-1002');
select code, body ->> 'status' as status
  from api.place_orders(1::smallint, '[{"customer": {"name": "John Roe"}, "items": [{"sku_id": "GHOST-150", "quantity": 4}]}]');
rollback;
