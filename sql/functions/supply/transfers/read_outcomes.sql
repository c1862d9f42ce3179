-- What the items of a request say became of units in transit, as parts: one for each of p_outcomes that an item gives units for. Refuses items
-- that name no units, or more units of a lot than are in transit.
create or replace function supply.read_outcomes(
  p_in_transit supply.part[],
  p_items jsonb,
  p_outcomes text[],
  out parts supply.part[],
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_found record;
begin
  with items as (
    select e.ordinality::integer as item, '/items/' || e.ordinality - 1 as pointer, e.value, m.sku_id, m.lot_id, m.batch_number,
           m.withheld, m.units, count(*) over (partition by e.ordinality) as meant
      from jsonb_array_elements(p_items) with ordinality e
      left join unnest(p_in_transit) m
        on m.sku_id = e.value ->> 'sku_id' and app.code_key(m.batch_number) = app.code_key(e.value ->> 'batch_number')
       and m.withheld = coalesce((e.value ->> 'withheld')::boolean, m.withheld)
  ), said as (
    select i.item, i.pointer, i.meant, i.sku_id, i.lot_id, i.batch_number, i.withheld, i.units as in_transit, i.value, o.outcome,
           coalesce((i.value ->> o.outcome)::bigint, 0) as units
      from items i
     cross join unnest(p_outcomes) o (outcome)
  ), summed as (
    select s.*, sum(s.units) over (partition by s.item) as of_item, sum(s.units) over (partition by s.lot_id, s.withheld) as of_lot from said s
  )
  select array(select supply.new_part(p_item => s.item, p_sku_id => s.sku_id, p_lot_id => s.lot_id, p_batch_number => s.batch_number,
                 p_withheld => s.withheld, p_units => s.units, p_outcome => s.outcome)
                 from summed s where s.units > 0 order by s.sku_id, s.lot_id, s.withheld, s.outcome, s.item) as parts,
         (select v.refusal
            from summed s
           cross join lateral (select case
             when s.units < 0 then app.refuse(p_code => 'VA001', p_pointer => s.pointer || '/' || s.outcome,
               p_detail => format('%s must not be negative.', s.outcome))
             when s.of_item < 1 then app.refuse(p_code => 'VA001', p_pointer => s.pointer, p_detail => format('Say how many units: %s.',
               array_to_string(p_outcomes, ' or ')))
             when s.meant > 1 then app.refuse(p_code => 'VA001', p_pointer => s.pointer || '/withheld', p_detail => format(
               'Withheld and other units of lot %s are in transit. Say in withheld which ones these are.', s.batch_number))
             when s.lot_id is null then app.refuse(p_code => 'TR003', p_pointer => s.pointer || '/batch_number', p_detail => format(
               'No units of lot %s of %s are in transit.', s.value ->> 'batch_number', s.value ->> 'sku_id'),
               p_facts => jsonb_build_object('available', 0))
             when s.of_lot > s.in_transit then app.refuse(p_code => 'TR003', p_pointer => s.pointer || '/' || s.outcome, p_detail => format(
               '%s units of lot %s of %s are in transit, not %s.', s.in_transit, s.batch_number, s.sku_id, s.of_lot),
               p_facts => jsonb_build_object('available', s.in_transit))
             end offset 0) v (refusal)
           where (v.refusal).code is not null
           order by s.item, s.outcome desc
           limit 1) as refusal
    into v_found;
  parts := v_found.parts;
  refusal := v_found.refusal;
end
$$;

grant execute on function supply.read_outcomes(supply.part[], jsonb, text[]) to scoville_definer;
