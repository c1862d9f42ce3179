-- Roles decide what a caller may do, claims decide which rows it sees. Row-level security is forced on every table.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');
select code, body ->> 'order_id' as order_id
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe", "email": "jane@example.com"},
                                        "items": [{"sku_id": "GHOST-150", "quantity": 1}]}]');
commit;

-- Staff of WH-02 see the levels of WH-02, and no order that another warehouse ships.
begin;
select app.enter('warehouse', '{"sub": "willa", "region": 1, "warehouses": ["WH-02"]}');
select warehouse_id, on_hand from stock.stock_levels where region_id = 1;
select count(*) as orders from orders.orders where region_id = 1;
rollback;

-- Staff of WH-01 see the order, without the customer's e-mail.
begin;
select app.enter('warehouse', '{"sub": "walt", "region": 1, "warehouses": ["WH-01"]}');
select body ->> 'order_id' as order_id, body -> 'customer' as customer from api.get_order(1::smallint, 'ORD-1-1001');
rollback;

-- Another channel's integration does not see it: an order of somebody else does not exist.
begin;
select app.enter('integration', '{"sub": "market", "region": 1, "channels": ["market"]}');
select * from api.get_order(1::smallint, 'ORD-1-1001');
rollback;

-- Nobody may write to a table, whatever the role: a change is one function of the schema api.
begin;
select app.enter('admin', '{"sub": "ada", "region": 1}');
update stock.stock_levels set on_hand = 1000000;
rollback;

-- Sales staff hold no right to adjust stock.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');
select * from api.adjust_stock(1::smallint, '[]');
rollback;

-- A transaction that nobody entered sees nothing.
select count(*) from stock.stock_levels;
