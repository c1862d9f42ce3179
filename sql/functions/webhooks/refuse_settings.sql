-- The refusal of a webhook's settings, or null. A filter that names something that does not exist, or that the caller may not
-- see, would silently match nothing.
create or replace function webhooks.refuse_settings(
  p_region_id smallint,
  p_settings jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select app.refuse_lines(p_code => min(f.code), p_detail => min(f.detail), p_errors => jsonb_agg(
           jsonb_build_object('pointer', '/' || f.member || '/' || f.nth - 1, 'detail', f.detail) order by f.nth))
    from (select v.*, min(v.turn) over () = v.turn as first
            from (
              select 1 as turn, 'WH003' as code, 'event_types' as member, t.nth,
                     format('Event type %s does not exist. Use one of %s, or the part before a dot followed by .*.',
                       t.value, (select string_agg(k.type, ', ' order by k.type) from events.event_types k)) as detail
                from jsonb_array_elements_text(coalesce(p_settings -> 'event_types', '[]')) with ordinality t (value, nth)
               where not exists (select from events.event_types k
                                  where t.value in (k.type, split_part(k.type, '.', 1) || '.*', regexp_replace(k.type, '[^.]+$', '*')))
              union all
              select 2, 'ST002', 'skus', t.nth, format('SKU %s does not exist.%s', t.value,
                     case when t.nth <= 3 then catalog.suggest_sku(t.value) end)
                from jsonb_array_elements_text(coalesce(p_settings -> 'skus', '[]')) with ordinality t (value, nth)
               where not exists (select from catalog.skus k where k.sku_id = t.value)
              union all
              select 3, 'ST003', 'warehouses', t.nth, format('Warehouse %s does not exist in your region.%s', t.value,
                     case when t.nth <= 3 then catalog.suggest_warehouse(p_region_id, t.value) end)
                from jsonb_array_elements_text(coalesce(p_settings -> 'warehouses', '[]')) with ordinality t (value, nth)
               where not exists (select from catalog.warehouses w where w.warehouse_id = t.value and w.region_id = p_region_id)
              union all
              select 4, 'OR008', 'channels', t.nth, format('Channel %s does not exist or is not yours.', t.value)
                from jsonb_array_elements_text(coalesce(p_settings -> 'channels', '[]')) with ordinality t (value, nth)
               where not exists (select from catalog.channels c
                                  where c.channel_id = t.value and c.region_id = p_region_id
                                    and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels())))
            ) v) f
   where f.first
  having count(*) > 0;
$$;

grant execute on function webhooks.refuse_settings(smallint, jsonb) to scoville_definer;
