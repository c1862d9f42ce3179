-- Refuses receipts that describe a SKU otherwise than the catalogue does: a receipt adds units, it changes no SKU.
create or replace function catalog.refuse_conflicts(
  p_drafts stock.draft[]
)
  returns stock.draft[]
  language sql
  stable
  set search_path = ''
as $$
  select array_agg(row(d.ordinal, coalesce(d.code, case when c.field is not null then 'ST012' end),
           coalesce(d.body, case when c.field is not null then app.refusal(
             format('SKU %s has another %s. Leave it out here, or change the SKU by PUT /v1/skus/%s.',
               d.sku_id, c.field, d.sku_id), '/' || c.field, jsonb_build_object('current', c.current)) end),
           d.sku_id, d.warehouse_id, d.delta, d.counted, d.batch_number, d.lot_id, d.reason_code, d.note, d.document,
           d.change_from, d.if_match, d.actor, d.request_id, d.element)::stock.draft order by d.ordinal)
    from unnest(p_drafts) d
    left join catalog.skus k on k.sku_id = d.sku_id
    left join lateral (
      select f.field, f.current
        from (values ('name', to_jsonb(k.name)), ('description', to_jsonb(k.description)),
                     ('size_ml', to_jsonb(k.size_ml)), ('price', to_jsonb(k.price)),
                     ('flavor_profile', to_jsonb(k.flavor_profile)), ('attributes', k.attributes))
             as f (field, current)
       where d.code is null and k.sku_id is not null and d.element ? f.field and d.element -> f.field <> 'null'
         and d.element -> f.field <> coalesce(f.current, 'null')
       limit 1) c on true;
$$;

grant execute on function catalog.refuse_conflicts(stock.draft[]) to scoville_definer;
