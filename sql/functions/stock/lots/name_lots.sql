-- Drafts with the lot that each names: its ID, and its number as the first receipt printed it. Numbers are compared by app.code_key,
-- so that a scanner's line break or a small letter makes no second lot, which a recall would miss. Drafts for the same new lot get
-- the number of the first.
create or replace function stock.name_lots(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns stock.draft[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if not exists (select from unnest(p_drafts) d where d.batch_number is not null) then
    return p_drafts;
  end if;
  return array(
    select jsonb_populate_record(d.draft,
             jsonb_build_object('lot_id', t.lot_id, 'batch_number', coalesce(t.batch_number, d.first_number)))
      from (select c.draft, c.ordinal, c.sku_id, c.key,
                   first_value(c.number) over (partition by c.sku_id, c.key order by c.ordinal) as first_number
              from (select u as draft, u.ordinal, u.sku_id, app.clean(u.batch_number) as number,
                           app.code_key(u.batch_number) as key
                      from unnest(p_drafts) u) c) d
      left join stock.lots t on t.region_id = p_region_id and t.sku_id = d.sku_id and t.batch_key = d.key
     order by d.ordinal);
end
$$;

grant execute on function stock.name_lots(smallint, stock.draft[]) to scoville_definer;
