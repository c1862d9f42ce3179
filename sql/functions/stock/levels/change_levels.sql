-- Carries out adjustments and counts: locks everything once, decides level by level (levels do not touch each other), posts
-- all movements in one go, and answers the drafts with their refusals, in order.
-- Lock order: as stock.lock_to_change.
create or replace function stock.change_levels(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns stock.draft[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouses text[];
  v_skus text[];
  v_decided stock.draft[];
  v_decisions stock.draft[];
  v_more stock.movement[];
  v_movements stock.movement[] := '{}';
begin
  select coalesce(array_agg(k.warehouse_id order by k.warehouse_id, k.sku_id), '{}'),
         coalesce(array_agg(k.sku_id order by k.warehouse_id, k.sku_id), '{}')
    into v_warehouses, v_skus
    from (select distinct d.warehouse_id collate "C" as warehouse_id, d.sku_id collate "C" as sku_id
            from unnest(p_drafts) d where d.code is null) k;
  perform stock.lock_to_change(p_region_id, v_warehouses, v_skus);

  select array_agg(d.refused order by d.ordinal) into v_decided
    from (select c as refused, c.ordinal
            from unnest(p_drafts) c where c.code is not null) d;
  for i in 1 .. cardinality(v_warehouses) loop
    select a.p_drafts, a.p_movements into v_decisions, v_more
      from stock.adjust_level(p_region_id, v_warehouses[i], v_skus[i], (
        select array_agg(stock.check_version(p_region_id, d) order by d.ordinal)
          from unnest(p_drafts) d
         where d.code is null and d.warehouse_id = v_warehouses[i] and d.sku_id = v_skus[i])) a;
    v_decided := v_decided || v_decisions;
    v_movements := v_movements || v_more;
  end loop;
  if cardinality(v_movements) > 0 then
    perform stock.post_movements(p_region_id, v_movements);
  end if;
  return (select array_agg(d order by d.ordinal) from unnest(v_decided) d);
end
$$;

grant execute on function stock.change_levels(smallint, stock.draft[]) to scoville_definer;
