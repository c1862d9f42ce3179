-- One order, two warehouses: WH-01 has 3 units, WH-02 has 4, and the customer wants 5.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');
select code, a ->> 'warehouse_location' as warehouse, a ->> 'quantity' as units
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "GHOST-150", "quantity": 5}]}]') as r,
       json_array_elements(r.body -> 'allocations') as a;

-- on_hand = available + reserved + committed + unavailable + safety_stock, in every row, by a CHECK constraint.
select warehouse_id, on_hand, available, reserved, committed, unavailable, safety_stock
  from stock.stock_levels where region_id = 1 order by warehouse_id;
commit;

-- Each warehouse ships its own part, and is shown no other.
begin;
select app.enter('warehouse', '{"sub": "walt", "region": 1, "warehouses": ["WH-02"]}');
select code, body ->> 'fulfillment_status' as fulfillment, body #> '{fulfillments,0,items}' as parcel
  from api.fulfill_orders(1::smallint, '[{"order_id": "ORD-1-1001"}]');
commit;
