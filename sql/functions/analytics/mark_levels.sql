-- Records up to which movement each of these levels has been summed, and the range of its days.
-- Where p_depth movements of a level were taken, more may exist, so its version stays behind.
create or replace function analytics.mark_levels(
  p_region_id smallint,
  p_movements analytics.movement[],
  p_depth integer
)
  returns integer
  language sql
  volatile
  set search_path = ''
as $$
  with marked as (
    insert into analytics.stock_marks as m (region_id, warehouse_id, sku_id, movement_id, version, first_on, last_on, time_zone)
    select p_region_id, t.warehouse_id, t.sku_id, coalesce(max(t.movement_id), 0),
           case when count(t.movement_id) < p_depth then min(t.level_version) else -1 end,
           min(t.day_on),
           greatest(max(t.day_on),
                    case when count(t.movement_id) between 1 and p_depth - 1 then max(t.today) end), min(t.time_zone)
      from unnest(p_movements) t
     group by t.warehouse_id, t.sku_id
    on conflict on constraint stock_marks_pkey do update
      set movement_id = greatest(m.movement_id, excluded.movement_id), version = excluded.version,
          first_on = least(m.first_on, excluded.first_on), last_on = greatest(m.last_on, excluded.last_on)
    returning 1
  )
  select count(*)::integer from marked;
$$;

grant execute on function analytics.mark_levels(smallint, analytics.movement[], integer) to scoville_definer;
