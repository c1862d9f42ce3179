-- A change and its events are one transaction. The sequencer gives committed events a number without gaps.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');
select code, body ->> 'order_id' as order_id
  from api.place_orders(1::smallint, '[{"customer": {"name": "Jane Doe"}, "items": [{"sku_id": "GHOST-150", "quantity": 1}]}]');
commit;

-- The API and the worker call this all the time; here you are the worker. It returns the number of events it moved.
begin;
select app.enter('scoville_worker', '{"sub": "worker"}');
select jobs.sequence_events(1000) > 0 as moved;
commit;

-- Each reader keeps one position, <epoch>:<seq>, and sees what its rights allow.
begin;
select app.enter('sales', '{"sub": "shop", "region": 1, "channels": ["web"]}');
select e ->> 'seq' as seq, e ->> 'type' as type, e ->> 'subject' as subject
  from api.list_events(p_region_id => 1::smallint, p_filters => '{}', p_after => null, p_limit => 50) as page,
       json_array_elements(page.body -> 'data') as e;
rollback;

begin;
select app.enter('warehouse', '{"sub": "walt", "region": 1, "warehouses": ["WH-01"]}');
select e ->> 'seq' as seq, e ->> 'type' as type, coalesce(e #>> '{data,new,available}', e #>> '{data,available}') as available
  from api.list_events(p_region_id => 1::smallint, p_filters => '{}', p_after => null, p_limit => 50) as page,
       json_array_elements(page.body -> 'data') as e;
rollback;

-- Each event carries a hash over the one before it. No row: nothing was altered, removed or moved.
begin;
select app.enter('admin', '{"sub": "ada", "region": 1}');
select * from events.verify_chain();
rollback;
