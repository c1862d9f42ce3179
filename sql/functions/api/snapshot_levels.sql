-- The current levels with their position in the log, in chunks of one snapshot. An event after that position happened later, or is
-- already part of the snapshot (it was committed but not sequenced yet). A client that applies an event only if its version is
-- higher is correct either way. unsequenced, the same in each row, names the levels of the second kind.
create or replace function api.snapshot_levels(
  p_region_id smallint,
  p_filters jsonb
)
  returns table (body json, epoch text, seq bigint, unsequenced json)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  c_levels_max constant integer := 1000;
  v_skus text[] := app.text_array(nullif(p_filters -> 'skus', 'null'));
  v_warehouses text[] := app.text_array(nullif(p_filters -> 'warehouses', 'null'));
  v_unsequenced json := events.unsequenced_levels(p_region_id);
begin
  return query
    select coalesce(p.levels, '[]'), s.epoch, s.last_seq, v_unsequenced
      from events.stream s
      left join (
        select n.portion, json_agg(n.state order by n.sku_id, n.warehouse_id) as levels
          from (select l.*, (row_number() over (order by l.sku_id, l.warehouse_id) - 1) / c_levels_max as portion
                  from stock.level_states(p_region_id => p_region_id, p_sku_ids => nullif(v_skus, '{}'),
                         p_warehouse_ids => nullif(v_warehouses, '{}')) l) n
         group by n.portion) p on true
     order by p.portion;
end
$$;

comment on function api.snapshot_levels(smallint, jsonb) is
  'Levels as of one position in the event log, in rows of at most 1,000 levels (a single row with an empty array if none). '
  'Filters: skus, warehouses; arrays.';
grant execute on function api.snapshot_levels(smallint, jsonb) to admin, warehouse, sales, integration;
