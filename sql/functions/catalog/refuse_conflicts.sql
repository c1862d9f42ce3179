-- The refusals of receipts that describe a SKU otherwise than the catalog does. A receipt adds units; it does not change the SKU.
create or replace function catalog.refuse_conflicts(
  p_drafts stock.draft[]
)
  returns api.result[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(app.result_of(d.ordinal, app.refuse(p_code => 'ST012', p_pointer => '/' || c.field,
           p_detail => format('SKU %s has another %s. Leave it out here, or change the SKU with PUT /v1/skus/%s.',
             d.sku_id, c.field, d.sku_id), p_facts => jsonb_build_object('current', c.current)))), '{}')
    from unnest(p_drafts) d
    join catalog.skus k on k.sku_id = d.sku_id
   cross join lateral (
      select f.field, f.current
        from (values ('name', to_jsonb(k.name)), ('description', to_jsonb(k.description)),
                     ('size_ml', to_jsonb(k.size_ml)), ('price', to_jsonb(k.price)),
                     ('flavor_profile', to_jsonb(k.flavor_profile)), ('attributes', k.attributes))
             as f (field, current)
       where d.element ? f.field and d.element -> f.field <> 'null'
         and d.element -> f.field <> coalesce(f.current, 'null')
       limit 1) c;
$$;

grant execute on function catalog.refuse_conflicts(stock.draft[]) to scoville_definer;
