-- Notes units of parcels that came back, or returns the refusal that names each item that cannot be. All or nothing.
-- Lock order: the caller has locked the recall.
create or replace function stock.note_recoveries(
  p_region_id smallint,
  p_recall_id bigint,
  p_items jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_errors jsonb;
begin
  if coalesce(nullif(p_items, 'null'), '[]') = '[]' then
    return app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => 'Name the parcels and their units: items is missing or empty.');
  end if;
  select jsonb_agg(jsonb_build_object('pointer', format('/items/%s/%s', n.nth - 1, n.field), 'detail', n.detail) order by n.nth)
    into v_errors
    from (select i.nth, case when i.units is null or i.units < 1 then 'quantity' when c.lot_id is null then 'fulfillment_id' else 'quantity' end as field,
                 case when i.units is null or i.units < 1 then 'Say how many units came back: quantity is missing.'
                      when c.lot_id is null then format('Parcel %s is not in this recall with lot %s of %s.', i.parcel, i.number, i.sku_id)
                      when b.recovered + i.total > c.quantity then format('%s of the %s units in parcel %s are recovered already, so %s more '
                        'cannot be.', b.recovered, c.quantity, i.parcel, i.total) end as detail
            from stock.read_recoveries(p_region_id, p_items) i
            left join stock.recall_parcels c
              on c.region_id = p_region_id and c.recall_id = p_recall_id and c.fulfillment_id = i.fulfillment_id and c.lot_id = i.lot_id
            left join stock.recall_recoveries(p_region_id, p_recall_id) b on b.fulfillment_id = c.fulfillment_id and b.lot_id = c.lot_id) n
   where n.detail is not null;
  if v_errors is not null then
    return app.refuse_lines(p_code => 'RC003', p_errors => v_errors, p_detail => 'More cannot come back than was shipped.');
  end if;
  update stock.recall_parcels c
     set recovered = c.recovered + n.units
    from (select i.fulfillment_id, i.lot_id, sum(i.units)::integer as units
            from stock.read_recoveries(p_region_id, p_items) i group by i.fulfillment_id, i.lot_id) n
   where c.region_id = p_region_id and c.recall_id = p_recall_id and c.fulfillment_id = n.fulfillment_id and c.lot_id = n.lot_id;
  return null;
end
$$;

grant execute on function stock.note_recoveries(smallint, bigint, jsonb) to scoville_definer;
