-- The refusals of receipts that are invalid by themselves: without a lot, made after they expire, negative, of a new lot without
-- units, of a new SKU at no amount of the default currency, more than a level can hold, or came in the future or too long ago.
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
                 (c.element ->> 'manufactured_on')::date > (c.element ->> 'expiration_date')::date as backwards,
                 t.time_zone, stock.came_at(c.element, t.time_zone) as came_at,
                 case when c.element ->> 'occurred_at' is null then 'received_on' else 'occurred_at' end as field
            from unnest(p_drafts) c
            join catalog.regions r on r.region_id = p_region_id
            left join catalog.zones() z on z.warehouse_id = c.warehouse_id
           cross join lateral (select coalesce(z.time_zone, r.time_zone)) t (time_zone)
            left join stock.stock_levels l
              on l.region_id = p_region_id and l.warehouse_id = c.warehouse_id and l.sku_id = c.sku_id) d
   cross join lateral (select case
     when d.batch_number is null
       then app.refuse(p_code => 'ST015', p_detail => 'Every unit belongs to a lot: send batch_number.', p_pointer => '/batch_number')
     when app.code_key(d.batch_number) = stock.unknown_lot_key()
       then app.refuse(p_code => 'VA001', p_pointer => '/batch_number',
         p_detail => 'UNKNOWN is the lot of returned units that nobody can read. Give these units a lot.')
     when d.backwards
       then app.refuse(p_code => 'VA001', p_detail => 'A lot must be made before it expires.', p_pointer => '/manufactured_on')
     when d.element ->> 'received_on' is not null and d.element ->> 'occurred_at' is not null
       then app.refuse(p_code => 'VA001', p_pointer => '/received_on',
         p_detail => 'received_on and occurred_at both say when the goods came: send one of them.')
     when (d.element ->> 'received_on')::date > timezone(d.time_zone, app.now())::date
       then app.refuse(p_code => 'VA001', p_pointer => '/received_on', p_detail => format(
         'received_on is in the future: in %s (%s) it is %s.', d.warehouse_id, d.time_zone, timezone(d.time_zone, app.now())::date))
     when (d.element ->> 'occurred_at')::timestamptz > app.now() + interval '5 minutes'
       then app.refuse(p_code => 'VA001', p_pointer => '/occurred_at',
         p_detail => 'occurred_at is in the future. Leave it out, or send the time when the goods came.')
     when d.came_at is not null and (app.refuse_past(p_region_id => p_region_id, p_at => d.came_at, p_field => d.field)).code is not null
       then app.refuse_past(p_region_id => p_region_id, p_at => d.came_at, p_field => d.field)
     when d.counted < 0
       then app.refuse(p_code => 'VA001', p_detail => 'A receipt adds units. To remove units, adjust the stock.',
         p_pointer => '/stock')
     when (d.element ->> 'price')::numeric <> round((d.element ->> 'price')::numeric, 2)
          and not exists (select from catalog.skus k where k.sku_id = d.sku_id)
       then catalog.refuse_price(p_currency => 'USD', p_decimals => 2::smallint, p_price => (d.element ->> 'price')::numeric)
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
