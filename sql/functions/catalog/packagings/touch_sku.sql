-- A new version of a SKU whose packagings changed, with its event. p_old: its document before. The caller has locked its row.
create or replace function catalog.touch_sku(
  p_write catalog.write,
  p_old jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_sku catalog.skus;
begin
  update catalog.skus k set version = k.version + 1, updated_at = app.now() where k.sku_id = p_old ->> 'sku_id' returning k.* into v_sku;
  perform events.emit_catalog_event(p_noun => 'sku', p_old => p_old, p_new => catalog.sku_document(v_sku)::jsonb, p_actor => p_write.actor,
    p_request_id => p_write.request_id);
end
$$;

grant execute on function catalog.touch_sku(catalog.write, jsonb) to scoville_definer;
