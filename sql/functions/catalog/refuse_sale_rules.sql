-- The refusal of the sale rules that a channel names, or null. Each is about one active SKU, or about all others; no two about the same.
-- A preorder names a day to come, unless the channel (p_old: as it was) has had this rule before.
create or replace function catalog.refuse_sale_rules(
  p_channel jsonb,
  p_old jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case when f.is_unknown then app.refuse_lines(p_code => 'ST002', p_errors => f.errors,
                p_detail => 'A sale rule is about a SKU that is for sale, or, without sku_id, about all that have no rule of their own.')
              when f.errors is not null then app.refuse_lines(p_code => 'VA001', p_errors => f.errors,
                p_detail => 'A sale rule of the channel cannot be used. errors says which, and why.') end
    from (select jsonb_agg(jsonb_build_object('pointer', '/sale_rules/' || n.at || '/' || n.member, 'detail', n.detail)
                   order by n.at) as errors,
                 bool_or(n.is_unknown) as is_unknown
            from (select r.ordinality - 1 as at, r.value ->> 'sku_id' as sku_id,
                         row_number() over (partition by r.value ->> 'sku_id' order by r.ordinality) as nth,
                         coalesce(r.value ->> 'mode', '') as mode, r.value ->> 'units_max' as units_max,
                         coalesce((r.value ->> 'priority')::integer, 0) as priority, (r.value ->> 'ships_on')::date as ships_on,
                         p_old @> jsonb_build_object('sale_rules', jsonb_build_array(jsonb_build_object(
                           'sku_id', r.value ->> 'sku_id', 'ships_on', r.value ->> 'ships_on'))) as is_old
                    from jsonb_array_elements(p_channel -> 'sale_rules') with ordinality r) r
           cross join lateral (
             select r.at, 'sku_id' as member, s.is_unknown, s.detail from catalog.rule_sku_faults(r.sku_id) s
             union all
             select r.at, 'sku_id', false, 'An earlier rule is about the same SKU: leave one of them out.'
              where r.nth > 1
             union all
             select r.at, 'mode', false, 'Orders that are refused do not wait: leave units_max and priority out.'
              where r.mode = 'refuse' and (r.units_max is not null or r.priority <> 0)
             union all
             select r.at, 'ships_on', false, 'A preorder says from which day on its units leave: send ships_on.'
              where r.mode = 'preorder' and r.ships_on is null
             union all
             select r.at, 'ships_on', false, 'Only a preorder has ships_on. Leave it out, or set mode to preorder.'
              where r.mode <> 'preorder' and r.ships_on is not null
             union all
             select r.at, 'ships_on', false, format('%s is over. Name a day to come.', r.ships_on)
              where r.mode = 'preorder' and r.is_old is not true and r.ships_on < (
                select (app.now() at time zone g.time_zone)::date from catalog.regions g
                 where g.region_id = (p_channel ->> 'region_id')::smallint)) n) f;
$$;

grant execute on function catalog.refuse_sale_rules(jsonb, jsonb) to scoville_definer;
