-- The receipts with their lot where there is one, refused where they give it another date than it has.
create or replace function stock.match_lots(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns stock.draft[]
  language sql
  stable
  set search_path = ''
as $$
  select array_agg(row(d.ordinal, coalesce(d.code, case when c.field is not null then 'ST011' end),
           coalesce(d.body, case when c.field is not null then app.refusal(
             format('Batch %s of %s has another %s. One batch has one date: correct it, or use another batch number.',
               d.batch_number, d.sku_id, c.field), '/' || c.field, jsonb_build_object('current', c.current)) end),
           d.sku_id, d.warehouse_id, d.delta, d.counted, d.batch_number, t.lot_id, d.reason_code, d.note, d.document,
           d.change_from, d.if_match, d.actor, d.request_id, d.element)::stock.draft order by d.ordinal)
    from unnest(p_drafts) d
    left join stock.lots t on t.region_id = p_region_id and t.sku_id = d.sku_id and t.batch_number = d.batch_number
    left join lateral (
      select f.field, f.current
        from (values ('expiration_date', t.expiration_date), ('manufactured_on', t.manufactured_on)) as f (field, current)
       where d.code is null and t.lot_id is not null and (d.element ->> f.field)::date is distinct from f.current
         and d.element ->> f.field is not null
       limit 1) c on true;
$$;

grant execute on function stock.match_lots(smallint, stock.draft[]) to scoville_definer;
