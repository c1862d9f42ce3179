-- Creates the SKUs that receipts name and the catalog lacks. The first receipt that names a SKU describes it, and the sender of
-- that receipt is its creator. Its currency is the default, which has two decimals.
-- Only an admin's receipts name new SKUs here (stock.read_drafts refuses the others).
create or replace function catalog.create_skus(
  p_drafts stock.draft[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_skus catalog.skus[];
begin
  with made as (
    insert into catalog.skus (sku_id, name, description, size_ml, flavor_profile, price, reference_price, attributes)
    select distinct on (d.sku_id collate "C") d.sku_id, d.element ->> 'name', coalesce(d.element ->> 'description', ''),
           (d.element ->> 'size_ml')::integer, app.text_array(d.element -> 'flavor_profile'),
           round((d.element ->> 'price')::numeric, 2), round((d.element ->> 'price')::numeric, 2), coalesce(d.element -> 'attributes', '{}')
      from unnest(p_drafts) d
     where not exists (select from catalog.skus k where k.sku_id = d.sku_id)
     order by d.sku_id collate "C", d.ordinal
    on conflict do nothing
    returning *
  )
  select array_agg(m) into v_skus from made m;
  perform audit.record(
            p_action => 'insert',
            p_table_name => 'catalog.skus',
            p_row_key => m.sku_id,
            p_old => null,
            p_new => catalog.sku_document(m)::jsonb,
            p_reason => 'first receipt',
            p_actor => f.actor,
            p_request_id => f.request_id),
          events.emit_catalog_event(p_noun => 'sku', p_old => null, p_new => catalog.sku_document(m)::jsonb, p_actor => f.actor,
            p_request_id => f.request_id)
     from unnest(v_skus) m
    cross join lateral (
      select d.actor, d.request_id
        from unnest(p_drafts) d
       where d.sku_id = m.sku_id
       order by d.ordinal
       limit 1) f;
end
$$;

grant execute on function catalog.create_skus(stock.draft[]) to scoville_definer;
