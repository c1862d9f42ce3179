-- Creates, changes or retires one SKU. Writes the audit and the event. A write that changes nothing has no effect.
-- Lock order: catalog rows come before every row of stock.
create or replace function catalog.save_sku(
  p_write catalog.write
)
  returns table (refusal api.refusal, body json, created boolean)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb;
  v_decision record;
  v_sku catalog.skus;
  v_reference numeric;
  v_decimals smallint;
begin
  select catalog.sku_document(k)::jsonb, coalesce(k.reference_price, k.price) into v_old, v_reference
    from catalog.skus k where k.sku_id = p_write.id for no key update;
  created := v_old is null;
  v_decision := catalog.decide(p_write => p_write, p_noun => 'skus', p_old => v_old, p_defaults =>
    jsonb_build_object('sku_id', p_write.id, 'description', '',
      'size_ml', null, 'flavor_profile', '{}'::text[], 'price', null, 'currency', 'USD', 'reorder_point', 0,
      'attributes', '{}'::jsonb, 'components', '[]'::jsonb, 'active', true));
  v_sku := jsonb_populate_record(null::catalog.skus, v_decision.document);
  v_decimals := (select c.decimals from catalog.currencies c where c.currency = v_sku.currency);
  refusal := coalesce(v_decision.refusal,
    catalog.refuse_price(p_currency => v_sku.currency, p_decimals => v_decimals, p_price => v_sku.price),
    catalog.refuse_sku(p_old => v_old, p_new => v_decision.document, p_reference => v_reference),
    case when v_sku.components <> coalesce(v_old -> 'components', '[]') then catalog.refuse_components(v_sku, created) end);
  if refusal is not null then
    return next;
    return;
  end if;
  v_sku.price := round(v_sku.price, v_decimals);  -- written with its decimals, which documents print
  v_reference := case when created or app.claim_role() = 'admin' and v_sku.price is distinct from (v_old ->> 'price')::numeric
                      then v_sku.price else round(v_reference, v_decimals) end;
  if created then
    insert into catalog.skus as k (sku_id, name, description, size_ml, flavor_profile, price, reference_price, currency, decimals,
      reorder_point, attributes, components, active, created_at, updated_at)
    values (v_sku.sku_id, v_sku.name, v_sku.description, v_sku.size_ml, v_sku.flavor_profile, v_sku.price, v_reference,
            v_sku.currency, v_decimals, v_sku.reorder_point, v_sku.attributes, v_sku.components, v_sku.active, app.now(), app.now())
    on conflict do nothing
    returning k.* into v_sku;
    if not found then  -- another session has just created it: it can be changed, or the write is refused
      return query select s.* from catalog.save_sku(p_write) s;
      return;
    end if;
  elsif v_decision.document <> v_old then
    update catalog.skus k
       set name = v_sku.name, description = v_sku.description, size_ml = v_sku.size_ml,
           flavor_profile = v_sku.flavor_profile, price = v_sku.price, reference_price = v_reference,
           currency = v_sku.currency, decimals = v_decimals, reorder_point = v_sku.reorder_point, attributes = v_sku.attributes,
           components = v_sku.components, active = v_sku.active, version = k.version + 1, updated_at = app.now()
     where k.sku_id = p_write.id
    returning k.* into v_sku;
  end if;
  body := catalog.sku_document(v_sku);
  if body::jsonb is distinct from v_old then
    perform catalog.record_write(p_write => p_write, p_table_name => 'catalog.skus', p_old => v_old, p_new => body::jsonb);
    perform events.emit_catalog_event(p_noun => 'sku', p_old => v_old, p_new => body::jsonb, p_actor => p_write.actor,
      p_request_id => p_write.request_id);
  end if;
  return next;
end
$$;

grant execute on function catalog.save_sku(catalog.write) to scoville_definer;
