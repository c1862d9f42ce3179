-- The sale rules that a channel names, with every member, as its document shows them.
create or replace function catalog.complete_sale_rules(
  p_channel jsonb
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('sku_id', r.value ->> 'sku_id', 'mode', r.value ->> 'mode',
           'units_max', (r.value ->> 'units_max')::integer, 'priority', coalesce((r.value ->> 'priority')::smallint, 0),
           'ships_on', (r.value ->> 'ships_on')::date)
           order by r.ordinality), '[]')
    from jsonb_array_elements(p_channel -> 'sale_rules') with ordinality r;
$$;

grant execute on function catalog.complete_sale_rules(jsonb) to scoville_definer;
