-- The freshness rules that a channel names, with every member.
create or replace function catalog.complete_freshness_rules(
  p_channel jsonb
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('customer_group', r.value ->> 'customer_group', 'category', r.value ->> 'category',
           'sku_id', r.value ->> 'sku_id', 'min_days', (r.value ->> 'min_days')::integer,
           'min_percent', (r.value ->> 'min_percent')::integer, 'transit_days', coalesce((r.value ->> 'transit_days')::integer, 0))
           order by r.ordinality), '[]')
    from jsonb_array_elements(p_channel -> 'freshness_rules') with ordinality r;
$$;

grant execute on function catalog.complete_freshness_rules(jsonb) to scoville_definer;
