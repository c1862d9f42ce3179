-- The present stock with the place in the log that it belongs to, in portions that all are of one moment. Whatever stands in
-- the log after that place happened later, or is in the snapshot already (was committed, but not sequenced yet): whoever
-- applies an event only when its version is higher has the truth either way. unsequenced, the same in each row, names the
-- levels of which the latter is true.
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
  'Levels as of one place in the event log, in rows of at most 1,000 (one row, with an empty array, for none). Filters: skus, '
  'warehouses; arrays.';
grant execute on function api.snapshot_levels(smallint, jsonb) to admin, warehouse, sales, integration;
