-- These changes of orders, with what the bundles among their items are made of today. Read once, before anything is locked: the levels of
-- these components are locked and decided, also if the bundle is made of others by then.
create or replace function orders.name_components(
  p_changes jsonb
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(jsonb_agg(case when n.items is null then e.value else e.value || jsonb_build_object('items', n.items) end
                    order by e.ordinality), '[]')
    from jsonb_array_elements(p_changes) with ordinality e
    left join lateral (
      select jsonb_agg(i.value || jsonb_build_object('components', k.components) order by i.ordinality) as items
        from jsonb_array_elements(case when jsonb_typeof(e.value -> 'items') = 'array' then e.value -> 'items' end) with ordinality i
        left join catalog.skus k on k.sku_id = i.value ->> 'sku_id' and k.components <> '[]') n on true;
$$;

grant execute on function orders.name_components(jsonb) to scoville_definer;
