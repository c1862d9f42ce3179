-- The refusal of items that name lots or reasons, or null: the first item that names what does not exist or contradicts another. Where a
-- lot of a SKU is named, all items of the SKU name theirs: otherwise the scanner was put down halfway, and the rest would be a guess.
-- A reason passes a lot over if picking is all that it is for, or if it takes away units of any lot (damaged, quality_control).
create or replace function orders.refuse_items(
  p_region_id smallint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return (
    with reasons as (
      select c.reason_code, c.note_required, c.direction = 'pick' or c.direction <> 'in' and c.takes = 'any' as fits
        from catalog.reason_codes c
       where c.active
    ), items as (
      select '/items/' || e.ordinality - 1 as pointer, e.ordinality, e.value ->> 'sku_id' as sku_id, n.number, t.lot_id,
             case when e.value ->> 'batch_number' is null and n.number is not null then 'lot_number' else 'batch_number' end as field,
             e.value ->> 'reason_code' as reason_code,
             row_number() over (partition by e.value ->> 'sku_id', t.lot_id order by e.ordinality) as nth,
             bool_or(n.number is not null) over (partition by e.value ->> 'sku_id') as is_scanned
        from jsonb_array_elements(p_request -> 'items') with ordinality e
       cross join lateral (select coalesce(e.value ->> 'batch_number', e.value ->> 'lot_number') as number) n
        left join stock.lots t
          on t.region_id = p_region_id and t.sku_id = e.value ->> 'sku_id' and t.batch_key = app.code_key(n.number)
    )
    select v.refusal
      from items i
      left join reasons c on c.reason_code = i.reason_code
     cross join lateral (select case
       when i.number is null and i.reason_code is not null then app.refuse(p_code => 'VA001', p_pointer => i.pointer || '/reason_code',
         p_detail => 'A reason says why a lot was passed over. Name the lot that left in batch_number, or leave reason_code out.')
       when i.number is null and i.is_scanned then app.refuse(p_code => 'VA001', p_pointer => i.pointer || '/batch_number',
         p_detail => format('Another item of %s names its lot, this one does not. Name the lot of each, or of none.', i.sku_id))
       when i.number is not null and i.lot_id is null then app.refuse(p_code => 'ST007', p_pointer => i.pointer || '/' || i.field,
         p_detail => format('%s has no lot %s. GET /v1/inventory/%s/batches lists its lots.', i.sku_id, i.number, i.sku_id))
       when i.number is not null and i.nth > 1 then app.refuse(p_code => 'VA001', p_pointer => i.pointer || '/' || i.field,
         p_detail => format('Lot %s of %s is named twice. Send one item with the sum.', i.number, i.sku_id))
       when i.reason_code is not null and c.reason_code is null then app.refuse(p_code => 'ST004', p_pointer => i.pointer || '/reason_code',
         p_detail => format('Reason code %s does not exist.', i.reason_code),
         p_facts => jsonb_build_object('allowed', (select jsonb_agg(r.reason_code order by r.reason_code) from reasons r where r.fits)))
       when not c.fits then app.refuse(p_code => 'ST006', p_pointer => i.pointer || '/reason_code',
         p_detail => format('Reason %s does not say why a lot stays on the shelf. The reasons in allowed do.', i.reason_code),
         p_facts => jsonb_build_object('allowed', (select jsonb_agg(r.reason_code order by r.reason_code) from reasons r where r.fits)))
       when c.note_required and coalesce(p_request ->> 'note', '') = '' then app.refuse(p_code => 'ST005', p_pointer => '/note',
         p_detail => format('Reason %s requires a note that says what happened.', i.reason_code))
       end offset 0) v (refusal)
     where (v.refusal).code is not null
     order by i.ordinality
     limit 1);
end
$$;

grant execute on function orders.refuse_items(smallint, jsonb) to scoville_definer;
