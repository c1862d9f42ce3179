-- The levels of these SKUs as the caller may see them: integrations get what is available and nothing else. Two statements
-- rather than one: rights on columns are checked for a whole statement.
create or replace function stock.read_levels(
  p_region_id smallint,
  p_sku_ids text[],
  p_warehouse_id text
)
  returns table (sku_id text, warehouse_id text, stock integer, available integer, reserved integer, committed integer,
                 unavailable integer, safety_stock integer, incoming integer, version bigint, updated_at timestamptz)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if app.claim_role() = 'integration' then
    return query
      select l.sku_id, l.warehouse_id, l.available, l.available, null::integer, null::integer, null::integer,
             null::integer, null::integer, l.version, l.updated_at
        from stock.stock_levels l
       where l.region_id = p_region_id and l.sku_id = any (p_sku_ids)
         and (p_warehouse_id is null or l.warehouse_id = p_warehouse_id);
  else
    return query
      select l.sku_id, l.warehouse_id, l.on_hand, l.available, l.reserved, l.committed, l.unavailable, l.safety_stock,
             l.incoming, l.version, l.updated_at
        from stock.stock_levels l
       where l.region_id = p_region_id and l.sku_id = any (p_sku_ids)
         and (p_warehouse_id is null or l.warehouse_id = p_warehouse_id);
  end if;
end
$$;

grant execute on function stock.read_levels(smallint, text[], text) to admin, warehouse, sales, integration;
