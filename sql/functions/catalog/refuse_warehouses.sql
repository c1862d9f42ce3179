-- The refusal of the warehouses that a channel names, or null. They must exist in the channel's region.
create or replace function catalog.refuse_warehouses(
  p_channel jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case when n.errors is not null then app.refuse_lines(p_code => 'ST003', p_errors => n.errors,
           p_detail => format('Only warehouses of its own region (%s) can serve a channel.', p_channel ->> 'region_id')) end
    from (select jsonb_agg(jsonb_build_object('pointer', '/warehouses/' || w.ordinality - 1,
                   'detail', format('Warehouse %s does not exist in region %s.%s', w.value, p_channel ->> 'region_id',
                     case when w.ordinality <= 3
                          then catalog.suggest_warehouse((p_channel ->> 'region_id')::smallint, w.value) end))
                   order by w.ordinality) as errors
            from jsonb_array_elements_text(p_channel -> 'warehouses') with ordinality w
           where not exists (select from catalog.warehouses h
                              where h.warehouse_id = w.value and h.region_id = (p_channel ->> 'region_id')::integer)) n;
$$;

grant execute on function catalog.refuse_warehouses(jsonb) to scoville_definer;
