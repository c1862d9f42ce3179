-- A refusal is a row, not an exception: one bad order never harms its neighbors, and no savepoint is needed.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');

select ordinal, code, coalesce(body ->> 'detail', body ->> 'status') as what, body -> 'errors' as errors
  from api.place_orders(1::smallint, '[
    {"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "GHOST-150", "quantity": 1}]},
    {"customer": {"name": "John Roe"}, "items": [{"sku_id": "GHOST-150", "quantity": 500}]},
    {"customer": {"name": "Max Moe"},  "items": [{"sku_id": "NO-SUCH-SAUCE", "quantity": 1}]}]');

-- meta says who sent an element and under which idempotency key. The answer is kept in the same transaction as its effect.
select code, replayed, body ->> 'order_id' as order_id
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "GHOST-150", "quantity": 1}],
                                        "meta": {"actor": "shop", "request_id": "r-1", "idempotency_key": "checkout-77"}}]');

-- The same key with the same content: the answer of the first time, and nothing happens twice.
select code, replayed, body ->> 'order_id' as order_id
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "GHOST-150", "quantity": 1}],
                                        "meta": {"actor": "shop", "request_id": "r-2", "idempotency_key": "checkout-77"}}]');

-- The same key with other content is refused.
select code, body ->> 'detail' as detail
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "GHOST-150", "quantity": 2}],
                                        "meta": {"actor": "shop", "request_id": "r-3", "idempotency_key": "checkout-77"}}]');
commit;
