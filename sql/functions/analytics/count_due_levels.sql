-- The number of levels that have movements not yet in the sums, counted up to p_limit.
create or replace function analytics.count_due_levels(
  p_region_id smallint,
  p_limit integer
)
  returns integer
  language sql
  stable
  set search_path = ''
as $$
  select count(*)::integer
    from (select from stock.stock_levels s
            left join analytics.stock_marks m
              on m.region_id = s.region_id and m.warehouse_id = s.warehouse_id and m.sku_id = s.sku_id
           where s.region_id = p_region_id and (m.version is null or m.version < s.version)
           limit p_limit) l;
$$;

grant execute on function analytics.count_due_levels(smallint, integer) to scoville_definer;
