-- The units of stock that lines of an order (of orders.current_lines or orders.settle_lines) need per SKU, bundles as their components:
-- kept are those that are not canceled, open those of them that have not left yet. The one place that says which units of stock a line
-- stands for.
create or replace function orders.line_units(
  p_lines jsonb
)
  returns table (sku_id text, kept bigint, open bigint)
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select u.sku_id, sum(u.kept)::bigint, sum(u.kept - u.fulfilled)::bigint
    from jsonb_to_recordset(p_lines) as l (sku_id text, quantity bigint, fulfilled bigint, canceled bigint, components jsonb)
    left join lateral jsonb_to_recordset(l.components) as c (sku_id text, quantity bigint, fulfilled bigint) on true
   cross join lateral (
     select coalesce(c.sku_id, l.sku_id), (l.quantity - l.canceled) * coalesce(c.quantity, 1), coalesce(c.fulfilled, l.fulfilled))
     u (sku_id, kept, fulfilled)
   group by u.sku_id;
$$;

grant execute on function orders.line_units(jsonb) to scoville_definer;
