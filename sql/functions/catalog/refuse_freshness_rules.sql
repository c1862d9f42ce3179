-- The refusal of the freshness rules that a channel names, or null. Each has one measure, and no two are about the same units.
create or replace function catalog.refuse_freshness_rules(
  p_channel jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case when f.is_unknown then app.refuse_lines(p_code => 'ST002', p_errors => f.errors,
                p_detail => 'A freshness rule is about a SKU that is for sale, or, without sku_id, about several.')
              when f.errors is not null then app.refuse_lines(p_code => 'VA001', p_errors => f.errors,
                p_detail => 'A freshness rule of the channel cannot be used. errors says which, and why.') end
    from (select jsonb_agg(jsonb_build_object('pointer', '/freshness_rules/' || n.at || '/' || n.member, 'detail', n.detail)
                   order by n.at) as errors,
                 bool_or(n.is_unknown) as is_unknown
            from (select e.ordinality - 1 as at, e.value ->> 'sku_id' as sku_id, e.value ->> 'category' as category,
                         row_number() over (partition by e.value ->> 'customer_group', e.value ->> 'category', e.value ->> 'sku_id'
                           order by e.ordinality) as nth,
                         (e.value ->> 'min_days')::numeric as min_days, (e.value ->> 'min_percent')::numeric as min_percent,
                         coalesce((e.value ->> 'transit_days')::numeric, 0) as transit_days
                    from jsonb_array_elements(p_channel -> 'freshness_rules') with ordinality e) r
           cross join lateral (
             select r.at, 'sku_id' as member, s.is_unknown, s.detail from catalog.rule_sku_faults(r.sku_id) s
             union all
             select r.at, 'category', false, 'A rule is about one SKU or about a category, not about both: leave one out.'
              where r.sku_id is not null and r.category is not null
             union all
             select r.at, 'customer_group', false, 'An earlier rule is about the same customers and SKUs: leave one of them out.'
              where r.nth > 1
             union all
             select r.at, 'min_percent', false, 'A rule has either min_days or min_percent: send one of them.'
              where (r.min_days is null) = (r.min_percent is null)
             union all
             select r.at, 'min_percent', false, 'A unit has at most 100 percent of its life before it: send 1 to 100.'
              where r.min_percent not between 1 and 100
             union all
             select r.at, 'min_days', false, 'min_days is the number of days of sale that are left on arrival: send 0 to 3650.'
              where r.min_days not between 0 and 3650
             union all
             select r.at, 'transit_days', false, 'transit_days is the number of days on the way: send 0 to 365.'
              where r.transit_days not between 0 and 365) n) f;
$$;

grant execute on function catalog.refuse_freshness_rules(jsonb) to scoville_definer;
