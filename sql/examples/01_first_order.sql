-- The first order, from JSON to parcel.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');

-- What is available? A query returns one row per page: the body, and a cursor where more follows.
select sku ->> 'sku_id' as sku, level ->> 'warehouse_location' as warehouse, level ->> 'available' as available
  from api.list_inventory(p_region_id => 1::smallint, p_filters => '{}', p_cursor => null, p_limit => 50) as page,
       json_array_elements(page.body -> 'data') as sku,
       json_array_elements(sku -> 'warehouses') as level;

-- The caller names no total: it is computed here. A price is optional and must be the current one.
select code, body ->> 'status' as status, body ->> 'total_price' as total, body -> 'allocations' as allocations
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe"}, "external_id": "WEB-1",
                                        "items": [{"sku_id": "GHOST-150", "quantity": 2}]}]');
commit;

-- The warehouse ships it. The function picks the lot: of those that may be sold, the first to expire.
begin;
select app.enter('warehouse', '{"sub": "walt", "region": 1, "warehouses": ["WH-01"]}');
select code, body ->> 'fulfillment_status' as fulfillment, body #> '{fulfillments,0,items}' as parcel
  from api.fulfill_orders(1::smallint, '[{"order_id": "ORD-1-1001"}]');
commit;

-- Ledger, levels, lots, orders and reservations are compared. Every row that disagrees would be listed.
begin;
select app.enter('admin', '{"sub": "ada", "region": 1}');
select * from stock.verify();
rollback;
