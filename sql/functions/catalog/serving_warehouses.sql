-- The rule of where a channel's orders can be served: from the active warehouses of its list, the lowest priority number first.
-- Allocation and everything that says what is available follow it, so an answer and the next order agree. sells: the channel is
-- not retired, so it places orders. A query that does not ask for sells does not read the channels.
-- A standard SQL body without settings, so that the planner inlines it.
create or replace function catalog.serving_warehouses()
  returns table (region_id smallint, channel_id text, warehouse_id text, priority smallint, sells boolean)
  language sql
  stable
begin atomic
  select h.region_id, w.channel_id, w.warehouse_id, w.priority, c.active as sells
    from catalog.channel_warehouses w
    join catalog.warehouses h on h.warehouse_id = w.warehouse_id and h.active
    left join catalog.channels c on c.channel_id = w.channel_id;
end;

grant execute on function catalog.serving_warehouses()
  to scoville_definer, admin, warehouse, sales, integration, scoville_worker, bi_reader;
