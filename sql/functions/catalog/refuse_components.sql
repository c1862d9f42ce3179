-- The refusal to make a SKU a bundle of these components, or null. Components are no bundles, so there is no cycle. A SKU that has or had
-- stock becomes no bundle: its level, lots and movements would belong to something that has none.
-- Lock order: the caller holds the lock of all definitions (catalog.save_all), so no other one changes meanwhile. The SKU is locked
-- against a level that is created meanwhile: stock.claim_new_levels.
create or replace function catalog.refuse_components(
  p_sku catalog.skus,
  p_created boolean
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  c_components_max constant integer := 50;
  c_units_max constant integer := 1000;
  v_bundle text;
  v_errors jsonb;
begin
  if p_sku.components = '[]' then
    return null;
  elsif jsonb_array_length(p_sku.components) > c_components_max then
    return app.refuse(p_code => 'KT001', p_pointer => '/components', p_detail => format(
      'A bundle has at most %s components. Make several bundles.', c_components_max));
  end if;
  select jsonb_agg(jsonb_build_object('pointer', '/components/' || f.nth - 1 || f.member, 'sku_id', f.sku_id, 'detail', f.detail)
           order by f.nth)
    into v_errors
    from (select c.nth, c.sku_id, d.member, d.detail
            from (select e.ordinality as nth, e.value ->> 'sku_id' as sku_id, (e.value ->> 'quantity')::numeric as units,
                         row_number() over (partition by e.value ->> 'sku_id' order by e.ordinality) as repeats
                    from jsonb_array_elements(p_sku.components) with ordinality e) c
            left join catalog.skus k on k.sku_id = c.sku_id
           cross join lateral (select
             case when c.units between 1 and c_units_max and c.units = trunc(c.units) then '/sku_id' else '/quantity' end,
             case
               when (c.units between 1 and c_units_max and c.units = trunc(c.units)) is not true
                 then format('A bundle has 1 to %s units of a component.', c_units_max)
               when c.sku_id = p_sku.sku_id then 'A bundle is no component of itself.'
               when k.sku_id is null then format('SKU %s does not exist.', c.sku_id)
               when k.components <> '[]' then format('SKU %s is a bundle. Name its components instead.', c.sku_id)
               when c.repeats > 1 then format('SKU %s is named twice. Name it once, with all its units.', c.sku_id) end)
             d (member, detail)) f
   where f.detail is not null;
  if v_errors is not null then
    return app.refuse_lines(p_code => 'KT001', p_errors => v_errors,
      p_detail => 'A bundle is made of SKUs that exist and are no bundles, each named once with its units.');
  end if;
  select k.sku_id into v_bundle
    from catalog.skus k
   where k.components <> '[]' and k.components @> jsonb_build_array(jsonb_build_object('sku_id', p_sku.sku_id))
   order by k.sku_id
   limit 1;
  if v_bundle is not null then
    return app.refuse(p_code => 'KT001', p_pointer => '/components', p_detail => format(
      'SKU %s is a component of bundle %s, so it cannot be a bundle itself.', p_sku.sku_id, v_bundle));
  elsif not p_created then
    perform from catalog.skus k where k.sku_id = p_sku.sku_id for update;
    if exists (select from catalog.regions r join stock.stock_levels l on l.region_id = r.region_id and l.sku_id = p_sku.sku_id) then
      return app.refuse(p_code => 'KT002', p_pointer => '/components', p_detail => format(
        'SKU %s has or had stock, and a bundle has none. Create another SKU for the bundle.', p_sku.sku_id));
    end if;
  end if;
  return null;
end
$$;

grant execute on function catalog.refuse_components(catalog.skus, boolean) to scoville_definer;
