-- Refuses receipts of a SKU that does not exist when the one that brought its name was itself refused meanwhile: a SKU is made
-- by a receipt that is carried out, or not at all.
create or replace function catalog.refuse_unnamed(
  p_drafts stock.draft[]
)
  returns stock.draft[]
  language sql
  stable
  set search_path = ''
as $$
  select array_agg(row(d.ordinal, coalesce(d.code, case when d.unnamed then 'ST002' end),
           coalesce(d.body, case when d.unnamed then app.refusal(format(
             'There is no SKU %s, and the receipt that names it was refused.', d.sku_id), '/sku_id') end),
           d.sku_id, d.warehouse_id, d.delta, d.counted, d.batch_number, d.lot_id, d.reason_code, d.note, d.document,
           d.change_from, d.if_match, d.actor, d.request_id, d.element)::stock.draft order by d.ordinal)
    from (select c.*, c.code is null and k.sku_id is null and not bool_or(
                   c.code is null and c.element ->> 'name' is not null) over (partition by c.sku_id order by c.ordinal) as unnamed
            from unnest(p_drafts) c
            left join catalog.skus k on k.sku_id = c.sku_id) d;
$$;

grant execute on function catalog.refuse_unnamed(stock.draft[]) to scoville_definer;
