-- The world of these examples: two warehouses, a web shop that sells from both, and a sauce with one lot in each.
--
-- app.enter puts a caller into the transaction: it sets the role and the claims, and both end with the transaction. The API calls it
-- with what a token says; in psql you say it yourself. From then on row-level security and grants decide, as they do for the API.
begin;
select app.enter('admin', '{"sub": "ada", "region": 1}');

-- A command takes a JSON array and returns one row per element, in order. code is null where the element was done.
select ordinal, code, body ->> 'warehouse_id' as warehouse
  from api.save_warehouses('[{"warehouse_id": "WH-01", "name": "Spicetown"},
                             {"warehouse_id": "WH-02", "name": "Pepperton"}]');

-- A channel sells from its warehouses, in the order of this list.
select ordinal, code, body ->> 'channel_id' as channel
  from api.save_channels('[{"channel_id": "web", "name": "Web shop", "warehouses": ["WH-01", "WH-02"]}]');

-- An admin's receipt also creates the SKU. Functions of stock and orders take the region first: a small brand has one, region 1.
select ordinal, code, body ->> 'warehouse_location' as warehouse, body ->> 'batch_number' as lot, body ->> 'stock' as units
  from api.receive_stock(1::smallint, '[
    {"sku_id": "GHOST-150", "name": "Ghost Pepper Sauce", "price": 12.99, "warehouse_location": "WH-01", "stock": 3,
     "batch_number": "G-2401", "expiration_date": "2099-06-30"},
    {"sku_id": "GHOST-150", "warehouse_location": "WH-02", "stock": 4,
     "batch_number": "G-2402", "expiration_date": "2099-12-31"}]');
commit;
