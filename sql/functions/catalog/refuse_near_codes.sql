-- The refusals of receipts whose new SKU or warehouse differs only by case from an existing one, or from a new one of an earlier
-- receipt in this call.
create or replace function catalog.refuse_near_codes(
  p_drafts stock.draft[]
)
  returns api.result[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(app.result_of(d.ordinal, catalog.refuse_near_code(p_pointer => n.pointer, p_id => n.id,
           p_other => n.other))), '{}')
    from (select c.ordinal, c.sku_id, c.warehouse_id,
                 first_value(c.sku_id) over (partition by lower(c.sku_id collate "C") order by c.ordinal) as first_sku,
                 first_value(c.warehouse_id) over (partition by lower(c.warehouse_id collate "C") order by c.ordinal) as first_warehouse
            from unnest(p_drafts) c) d
   cross join lateral (
      select v.pointer, v.id, v.other
        from (values ('/sku_id', d.sku_id, coalesce(catalog.near_duplicate('skus', d.sku_id), d.first_sku)),
                     ('/warehouse_location', d.warehouse_id,
                       coalesce(catalog.near_duplicate('warehouses', d.warehouse_id), d.first_warehouse))) as v (pointer, id, other)
       where v.id <> v.other
       limit 1) n;
$$;

grant execute on function catalog.refuse_near_codes(stock.draft[]) to scoville_definer;
