-- Makes the warehouses and SKUs that receipts name and nobody has made yet; the first of them to name one describes it.
-- Only an admin's receipts come here with anything new (stock.read_drafts).
create or replace function catalog.create_missing(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_warehouses catalog.warehouses[];
  v_skus catalog.skus[];
begin
  with made as (
    insert into catalog.warehouses (warehouse_id, region_id, name)
    select distinct d.warehouse_id, p_region_id, d.warehouse_id
      from pg_catalog.unnest(p_drafts) d
     where d.code is null and not exists (select from catalog.warehouses w where w.warehouse_id = d.warehouse_id)
     order by 1
    on conflict do nothing
    returning *
  )
  select pg_catalog.array_agg(m) into v_warehouses from made m;
  perform audit.record('insert', 'catalog.warehouses', m.warehouse_id, null, pg_catalog.to_jsonb(m), 'first receipt',
                       app.claim_subject(), app.claim_request_id())
     from pg_catalog.unnest(v_warehouses) m;
  with made as (
    insert into catalog.skus (sku_id, name, description, size_ml, flavor_profile, price, attributes)
    select distinct on (d.sku_id) d.sku_id, d.element ->> 'name', coalesce(d.element ->> 'description', ''),
           (d.element ->> 'size_ml')::integer, app.text_array(d.element -> 'flavor_profile'),
           (d.element ->> 'price')::numeric, coalesce(d.element -> 'attributes', '{}')
      from pg_catalog.unnest(p_drafts) d
     where d.code is null and not exists (select from catalog.skus k where k.sku_id = d.sku_id)
     order by d.sku_id, d.ordinal
    on conflict do nothing
    returning *
  )
  select pg_catalog.array_agg(m) into v_skus from made m;
  perform audit.record('insert', 'catalog.skus', m.sku_id, null, pg_catalog.to_jsonb(m), 'first receipt',
                       app.claim_subject(), app.claim_request_id())
     from pg_catalog.unnest(v_skus) m;
end
$$;

grant execute on function catalog.create_missing(smallint, stock.draft[]) to scoville_definer;
