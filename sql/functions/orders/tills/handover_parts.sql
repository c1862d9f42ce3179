-- The units that a sale takes from the shelf: the lots that were scanned, or, of SKUs that handed_over does not name, the units sold.
create or replace function orders.handover_parts(
  p_region_id smallint,
  p_draft orders.draft,
  p_request jsonb
)
  returns orders.part[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    with items as (
      select i.ordinality::integer as item, i.value ->> 'sku_id' as sku_id, (i.value ->> 'quantity')::integer as units, t.lot_id,
             t.batch_number, i.value ->> 'reason_code' as reason_code
        from jsonb_array_elements(coalesce(nullif(p_request -> 'items', 'null'), '[]')) with ordinality i
        left join stock.lots t
          on t.region_id = p_region_id and t.sku_id = i.value ->> 'sku_id'
         and t.batch_key = app.code_key(coalesce(i.value ->> 'batch_number', i.value ->> 'lot_number'))
    ), taken as (
      select min(i.item) as item, i.sku_id, sum(i.units)::integer as units, i.lot_id, i.batch_number, min(i.reason_code) as reason_code
        from items i
       group by i.sku_id, i.lot_id, i.batch_number
       union all
      select null, l.sku_id, sum(l.quantity)::integer, null, null, null
        from unnest(p_draft.sku_ids, p_draft.quantities) l (sku_id, quantity)
       where l.sku_id not in (select i.sku_id from items i)
       group by l.sku_id
    )
    select orders.new_part(p_item => k.item, p_warehouse_id => p_request ->> 'warehouse_location', p_sku_id => k.sku_id,
             p_units => k.units, p_lot_id => k.lot_id, p_batch_number => k.batch_number, p_reason_code => k.reason_code)
      from taken k
     order by k.sku_id collate "C", k.lot_id);  -- what was scanned comes first
end
$$;

grant execute on function orders.handover_parts(smallint, orders.draft, jsonb) to scoville_definer;
