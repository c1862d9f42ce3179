-- Makes the SKUs that receipts name and nobody has made yet; the first of them to name one describes it, and who sent it made it.
-- Only an admin's receipts come here with anything new (stock.read_drafts).
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
    insert into catalog.skus (sku_id, name, description, size_ml, flavor_profile, price, attributes)
    select distinct on (d.sku_id collate "C") d.sku_id, d.element ->> 'name', coalesce(d.element ->> 'description', ''),
           (d.element ->> 'size_ml')::integer, app.text_array(d.element -> 'flavor_profile'),
           (d.element ->> 'price')::numeric, coalesce(d.element -> 'attributes', '{}')
      from unnest(p_drafts) d
     where not exists (select from catalog.skus k where k.sku_id = d.sku_id)
     order by d.sku_id collate "C", d.ordinal
    on conflict do nothing
    returning *
  )
  select array_agg(m) into v_skus from made m;
  perform audit.record('insert', 'catalog.skus', m.sku_id, null, catalog.sku_document(m)::jsonb, 'first receipt',
                       f.actor, f.request_id),
          events.emit_sku_event(null, catalog.sku_document(m)::jsonb, f.actor, f.request_id)
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
