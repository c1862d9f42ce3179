-- The refusals of receipts that give an existing lot a different date.
create or replace function stock.refuse_other_dates(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns api.result[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(app.result_of(d.ordinal, app.refuse(p_code => 'ST011', p_pointer => '/' || c.field,
           p_detail => format('Lot %s of %s has another %s (last changed by %s). A lot has one date: correct yours, use another '
             'batch_number, or ask an admin to correct the lot.', d.batch_number, d.sku_id, c.field, t.changed_by),
           p_facts => jsonb_build_object('current', c.current)))), '{}')
    from unnest(p_drafts) d
    join stock.lots t on t.region_id = p_region_id and t.lot_id = d.lot_id
   cross join lateral (
      select f.field, f.current
        from (values ('expiration_date', t.expiration_date), ('manufactured_on', t.manufactured_on)) as f (field, current)
       where (d.element ->> f.field)::date is distinct from f.current and d.element ->> f.field is not null
       limit 1) c;
$$;

grant execute on function stock.refuse_other_dates(smallint, stock.draft[]) to scoville_definer;
