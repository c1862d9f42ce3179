-- The lines of a reservation as they demand stock: each line of a bundle becomes the units of its components. Lines of one SKU are summed.
create or replace function stock.explode_lines(
  p_lines jsonb
)
  returns jsonb
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return (
    select jsonb_agg(jsonb_build_object('line_no', u.line_no, 'sku_id', u.sku_id, 'quantity', least(u.units, 2147483647))
             order by u.line_no, u.sku_id)
      from (select coalesce(c.sku_id, l.sku_id) as sku_id, min(l.line_no) as line_no,
                   sum(l.quantity * coalesce(c.quantity, 1)) as units
              from jsonb_to_recordset(p_lines) as l (line_no integer, sku_id text, quantity bigint)
              left join catalog.skus k on k.sku_id = l.sku_id
              left join lateral jsonb_to_recordset(k.components) as c (sku_id text, quantity bigint) on true
             group by 1) u);
end
$$;

grant execute on function stock.explode_lines(jsonb) to scoville_definer;
