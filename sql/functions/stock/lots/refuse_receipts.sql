-- The refusals of receipts that are invalid by themselves: without a lot, made after they expire, negative, of a new lot without
-- units, or more than a level can hold.
create or replace function stock.refuse_receipts(
  p_region_id smallint,
  p_drafts stock.draft[]
)
  returns api.result[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(app.result_of(d.ordinal, v.refusal)) filter (where (v.refusal).code is not null), '{}')
    from (select c.*, coalesce(l.on_hand, 0)
                 + sum(c.counted) over (partition by c.warehouse_id, c.sku_id order by c.ordinal) as total,
                 (c.element ->> 'manufactured_on')::date > (c.element ->> 'expiration_date')::date as backwards
            from unnest(p_drafts) c
            left join stock.stock_levels l
              on l.region_id = p_region_id and l.warehouse_id = c.warehouse_id and l.sku_id = c.sku_id) d
   cross join lateral (select case
     when d.batch_number is null
       then app.refuse(p_code => 'ST015', p_detail => 'Every unit belongs to a lot: send batch_number.', p_pointer => '/batch_number')
     when d.backwards
       then app.refuse(p_code => 'VA001', p_detail => 'A lot must be made before it expires.', p_pointer => '/manufactured_on')
     when d.counted < 0
       then app.refuse(p_code => 'VA001', p_detail => 'A receipt adds units. To remove units, adjust the stock.',
         p_pointer => '/stock')
     when d.counted = 0 and d.lot_id is null and app.claim_role() <> 'admin'
       then app.refuse(p_code => 'ST019', p_pointer => '/stock', p_detail => format(
         'Lot %s of %s does not exist, and without units only an admin creates one: its dates would bind every warehouse.',
         d.batch_number, d.sku_id))
     when d.total > 2000000000
       then app.refuse(p_code => 'ST014', p_detail => 'A warehouse can hold at most 2,000,000,000 units of a SKU.',
         p_pointer => '/stock')
     end offset 0) v (refusal);
$$;

grant execute on function stock.refuse_receipts(smallint, stock.draft[]) to scoville_definer;
