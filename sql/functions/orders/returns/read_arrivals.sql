-- The units that a receipt of a locked return brings: each with the line that it belongs to and its lot, or the refusal. Units go to the
-- lines that still expect the SKU, first to those whose parcel has the lot. A lot that no parcel names is taken as it was found.
create or replace function orders.read_arrivals(
  p_region_id smallint,
  p_return_id bigint,
  p_items jsonb,
  out arrivals jsonb,
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_item record;
  v_line record;
  v_left bigint;
  v_units bigint;
begin
  arrivals := '[]';
  for v_item in
    select '/items/' || e.ordinality - 1 as pointer, e.value ->> 'sku_id' as sku_id, (e.value ->> 'quantity')::bigint as quantity,
           e.value ->> 'batch_number' as number, coalesce((e.value ->> 'unreadable')::boolean, false) as unreadable, t.lot_id
      from jsonb_array_elements(p_items) with ordinality e
      left join stock.lots t
        on t.region_id = p_region_id and t.sku_id = e.value ->> 'sku_id' and t.batch_key = case
             when (e.value ->> 'unreadable')::boolean then stock.unknown_lot_key() else app.code_key(e.value ->> 'batch_number') end
     order by e.ordinality
  loop
    if coalesce(v_item.quantity, 0) <= 0 then
      refusal := app.refuse(p_code => 'VA001', p_pointer => v_item.pointer || '/quantity', p_detail => 'Say how many units came: at least 1.');
    elsif (v_item.number is null) <> v_item.unreadable then
      refusal := app.refuse(p_code => 'VA001', p_pointer => v_item.pointer || '/batch_number', p_detail =>
        'Name the lot that came in batch_number, or say that nobody can read it: unreadable.');
    elsif v_item.lot_id is null and not v_item.unreadable then
      refusal := app.refuse(p_code => 'ST007', p_pointer => v_item.pointer || '/batch_number', p_detail => format(
        '%s has no lot %s. GET /v1/inventory/%s/batches lists its lots.', v_item.sku_id, v_item.number, v_item.sku_id));
    end if;
    exit when refusal.code is not null;
    v_left := v_item.quantity;
    for v_line in
      select l.line_no, l.quantity - l.received - l.given_up - coalesce((
               select sum((a ->> 'units')::bigint) from jsonb_array_elements(arrivals) a where (a ->> 'line_no')::integer = l.line_no), 0) as open
        from orders.return_lines l
       where l.region_id = p_region_id and l.return_id = p_return_id and l.sku_id = v_item.sku_id
       order by not exists (
                  select from orders.fulfillment_lines f
                   where f.region_id = p_region_id and f.fulfillment_id = l.fulfillment_id and f.lot_id = v_item.lot_id), l.line_no
    loop
      v_units := least(v_left, v_line.open);
      continue when v_units = 0;
      arrivals := arrivals || jsonb_build_object('line_no', v_line.line_no, 'sku_id', v_item.sku_id, 'units', v_units,
        'lot_id', v_item.lot_id);
      v_left := v_left - v_units;
    end loop;
    if v_left > 0 then
      refusal := app.refuse(p_code => 'RT004', p_pointer => v_item.pointer || '/quantity', p_detail => format(
        'The return still expects %s units of %s, not %s.', v_item.quantity - v_left, v_item.sku_id, v_item.quantity),
        p_facts => jsonb_build_object('sku_id', v_item.sku_id, 'available', v_item.quantity - v_left));
      return;
    end if;
  end loop;
end
$$;

grant execute on function orders.read_arrivals(smallint, bigint, jsonb) to scoville_definer;
