-- What every level was at a moment, to the unit: what it is now, less what the ledger has recorded since. Standard body: analysts
-- may not name the tables.
create or replace function bi.stock_as_of(
  p_at timestamptz
)
  returns table (region_id smallint, warehouse_id text, sku_id text, on_hand bigint, reserved bigint, committed bigint,
                 unavailable bigint, safety_stock bigint, available bigint, incoming bigint)
  language sql
  stable
begin atomic
  select s.region_id, s.warehouse_id, s.sku_id, s.on_hand, s.reserved, s.committed, s.unavailable, s.safety_stock,
         s.on_hand - s.reserved - s.committed - s.unavailable - s.safety_stock as available, s.incoming
    from (select l.region_id, l.warehouse_id, l.sku_id, l.on_hand - coalesce(m.on_hand, 0) as on_hand,
                 l.reserved - coalesce(m.reserved, 0) as reserved, l.committed - coalesce(m.committed, 0) as committed,
                 l.unavailable - coalesce(m.unavailable, 0) as unavailable,
                 l.safety_stock - coalesce(m.safety_stock, 0) as safety_stock, l.incoming - coalesce(m.incoming, 0) as incoming
            from stock.stock_levels l
            left join (
              select v.region_id, v.warehouse_id, v.sku_id, sum(v.on_hand_delta) as on_hand, sum(v.reserved_delta) as reserved,
                     sum(v.committed_delta) as committed, sum(v.unavailable_delta) as unavailable,
                     sum(v.safety_stock_delta) as safety_stock, sum(v.incoming_delta) as incoming
                from stock.stock_movements v
               where v.recorded_at > p_at
               group by v.region_id, v.warehouse_id, v.sku_id) m
              on m.region_id = l.region_id and m.warehouse_id = l.warehouse_id and m.sku_id = l.sku_id) s;
end;

comment on function bi.stock_as_of(timestamptz) is
  'The stock of every warehouse and SKU at a moment: select * from bi.stock_as_of(''2026-09-30 24:00 UTC''). Units, as in '
  'fact_stock_daily; zeros before the first movement.';
grant execute on function bi.stock_as_of(timestamptz) to bi_reader, admin, warehouse;
