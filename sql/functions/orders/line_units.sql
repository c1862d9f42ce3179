-- The units that lines of an order (of orders.current_lines or orders.settle_lines) need per SKU: kept are those that are not canceled,
-- open those of them that have not left yet. The one place that says which units of stock a line stands for.
create or replace function orders.line_units(
  p_lines jsonb
)
  returns table (sku_id text, kept bigint, open bigint)
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select l.sku_id, sum(l.quantity - l.canceled)::bigint, sum(l.quantity - l.canceled - l.fulfilled)::bigint
    from jsonb_to_recordset(p_lines) as l (sku_id text, quantity bigint, fulfilled bigint, canceled bigint)
   group by l.sku_id;
$$;

grant execute on function orders.line_units(jsonb) to scoville_definer;
