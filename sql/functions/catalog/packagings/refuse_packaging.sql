-- The refusal of a packaging that cannot be saved, or null. p_old: the existing document, or null. What was packed and counted by an
-- old size must not change its meaning, so the units and the SKU stay.
create or replace function catalog.refuse_packaging(
  p_old jsonb,
  p_new jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when not exists (select from catalog.skus k where k.sku_id = p_new ->> 'sku_id')
      then app.refuse(p_code => 'ST002', p_pointer => '/sku_id', p_detail => format('SKU %s does not exist.%s Create it with POST /v1/skus.',
        p_new ->> 'sku_id', catalog.suggest_sku(p_new ->> 'sku_id')))
    when p_new ->> 'sku_id' <> p_old ->> 'sku_id' or p_new -> 'units' <> p_old -> 'units'
      then app.refuse(p_code => 'PK001', p_pointer => case when p_new -> 'units' <> p_old -> 'units' then '/units' else '/sku_id' end,
        p_detail => format('%s is %s units of %s for good. Retire it, and create another packaging for the new size.', p_old ->> 'packaging_id',
          p_old ->> 'units', p_old ->> 'sku_id'))
    when p_new ->> 'units' is null
      then app.refuse(p_code => 'VA001', p_pointer => '/units', p_detail => 'Say how many units are in it: units is missing.')
    when p_new ->> 'name' is null
      then app.refuse(p_code => 'VA001', p_pointer => '/name', p_detail => 'Say what requests call it, such as case: name is missing.')
    when p_new ->> 'gtin' is not null and catalog.long_gtin(p_new ->> 'gtin') is null
      then app.refuse(p_code => 'VA001', p_pointer => '/gtin', p_detail => format(
        '%s is no GTIN: it has 8, 12, 13 or 14 digits, and the last one is the check digit.', p_new ->> 'gtin'))
    else (
      select app.refuse(p_code => 'PK002', p_pointer => o.pointer, p_detail => format('%s is already %s (%s units of %s).', o.value,
               o.packaging_id, o.units, o.sku_id), p_facts => jsonb_build_object('packaging_id', o.packaging_id))
        from (select p.packaging_id, p.sku_id, p.units, case when p.gtin = p_new ->> 'gtin' then '/gtin' else '/name' end as pointer,
                     case when p.gtin = p_new ->> 'gtin' then p.gtin else p.name end as value
                from catalog.packagings p
               where p.packaging_id <> p_new ->> 'packaging_id'
                 and (p.gtin = p_new ->> 'gtin'
                      or p.sku_id = p_new ->> 'sku_id' and p.name = p_new ->> 'name' and p.active and (p_new ->> 'active')::boolean)
               order by p.packaging_id
               limit 1) o)
  end;
$$;

grant execute on function catalog.refuse_packaging(jsonb, jsonb) to scoville_definer;
