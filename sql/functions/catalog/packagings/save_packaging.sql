-- Creates, changes or retires one packaging. Its SKU's document lists it, so a change is also a version of the SKU, with its event.
-- The caller holds the locks of catalog.lock_packagings.
create or replace function catalog.save_packaging(
  p_write catalog.write
)
  returns table (refusal api.refusal, body json, created boolean)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_element jsonb := p_write.element;
  v_old jsonb;
  v_decision record;
  v_packaging catalog.packagings;
  v_sku jsonb;
begin
  if v_element ->> 'gtin' is not null then  -- kept with 14 digits
    v_element := v_element || jsonb_build_object('gtin', coalesce(catalog.long_gtin(v_element ->> 'gtin'), v_element ->> 'gtin'));
    p_write.element := v_element;
  end if;
  select catalog.sku_document(k)::jsonb into v_sku
    from catalog.skus k
   where k.sku_id = coalesce((select p.sku_id from catalog.packagings p where p.packaging_id = p_write.id), v_element ->> 'sku_id');
  select catalog.packaging_document(p)::jsonb into v_old from catalog.packagings p where p.packaging_id = p_write.id;
  created := v_old is null;
  v_decision := catalog.decide(p_write => p_write, p_noun => 'packagings', p_old => v_old, p_defaults =>
    jsonb_build_object('packaging_id', p_write.id, 'sku_id', v_old -> 'sku_id', 'units', v_old -> 'units', 'gtin', null, 'weight_g', null,
      'active', true));
  refusal := coalesce(v_decision.refusal, catalog.refuse_packaging(v_old, v_decision.document));
  if refusal is not null then
    return next;
    return;
  end if;
  v_packaging := jsonb_populate_record(null::catalog.packagings, v_decision.document);
  if created then
    insert into catalog.packagings as p (packaging_id, sku_id, name, units, gtin, weight_g, active, created_at, updated_at)
    values (v_packaging.packaging_id, v_packaging.sku_id, v_packaging.name, v_packaging.units, v_packaging.gtin, v_packaging.weight_g,
            v_packaging.active, app.now(), app.now())
    returning p.* into v_packaging;
  elsif v_decision.document <> v_old then
    update catalog.packagings p
       set name = v_packaging.name, gtin = v_packaging.gtin, weight_g = v_packaging.weight_g, active = v_packaging.active,
           version = p.version + 1, updated_at = app.now()
     where p.packaging_id = p_write.id
    returning p.* into v_packaging;
  end if;
  body := catalog.packaging_document(v_packaging);
  if body::jsonb is distinct from v_old then
    perform catalog.record_write(p_write => p_write, p_table_name => 'catalog.packagings', p_old => v_old, p_new => body::jsonb);
    perform catalog.touch_sku(p_write, v_sku);
  end if;
  return next;
end
$$;

grant execute on function catalog.save_packaging(catalog.write) to scoville_definer;
