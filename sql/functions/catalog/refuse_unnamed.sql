-- The refusals of receipts whose SKU does not exist because the receipt that describes it was refused.
-- A SKU is created by a receipt that is carried out, or not at all.
create or replace function catalog.refuse_unnamed(
  p_drafts stock.draft[]
)
  returns api.result[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(app.result_of(d.ordinal, app.refuse(p_code => 'ST002', p_pointer => '/sku_id',
           p_detail => format('SKU %s does not exist, and the receipt that describes it was refused.', d.sku_id)))), '{}')
    from (select c.ordinal, c.sku_id, bool_or(c.element ->> 'name' is not null)
                   over (partition by c.sku_id order by c.ordinal) as named
            from unnest(p_drafts) c) d
   where not d.named and not exists (select from catalog.skus k where k.sku_id = d.sku_id);
$$;

grant execute on function catalog.refuse_unnamed(stock.draft[]) to scoville_definer;
