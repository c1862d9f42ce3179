-- Why is the number what it is? The ledger answers: every change of a quantity is a row that is never rewritten.
begin;
select app.enter('warehouse', '{"sub": "walt", "region": 1, "warehouses": ["WH-01"]}');

select code, body ->> 'batch_number' as lot
  from api.receive_stock(1::smallint, '[{"sku_id": "GHOST-150", "warehouse_location": "WH-01", "stock": 36,
                                         "batch_number": "G-2403", "expiration_date": "2100-01-31"}]');
select code, body ->> 'stock' as units
  from api.adjust_stock(1::smallint, '[{"sku_id": "GHOST-150", "warehouse_location": "WH-01", "delta": -1,
                                        "reason_code": "damaged", "note": "dropped"}]');

-- Somebody counts 37. A count names the quantity that was seen before, so that a change in between is noticed.
select code, body ->> 'stock' as units
  from api.set_stock(1::smallint, '[{"sku_id": "GHOST-150", "warehouse_location": "WH-01", "stock": 37,
                                     "reason_code": "cycle_count", "change_from_quantity": 38}]');
select code, body ->> 'detail' as detail
  from api.set_stock(1::smallint, '[{"sku_id": "GHOST-150", "warehouse_location": "WH-01", "stock": 40,
                                     "reason_code": "cycle_count", "change_from_quantity": 38}]');

-- Read from the bottom: 3 when the warehouse opened, 36 came, one was dropped, one was not found.
select m ->> 'kind' as kind, m ->> 'reason_code' as reason, m ->> 'stock_delta' as change, m ->> 'stock_after' as on_hand,
       m ->> 'batch_number' as lot, m ->> 'actor' as actor, m ->> 'note' as note
  from api.list_movements(p_region_id => 1::smallint, p_sku_id => 'GHOST-150', p_filters => '{}', p_cursor => null, p_limit => 10) as page,
       json_array_elements(page.body -> 'data') as m;
commit;

-- The ledger is the truth and a level is its sum.
begin;
select app.enter('admin', '{"sub": "ada", "region": 1}');
select l.warehouse_id, l.on_hand, (select sum(m.on_hand_delta) from stock.stock_movements m
                                    where m.region_id = l.region_id and m.warehouse_id = l.warehouse_id and m.sku_id = l.sku_id) as ledger
  from stock.stock_levels l where l.region_id = 1 order by 1;
rollback;
