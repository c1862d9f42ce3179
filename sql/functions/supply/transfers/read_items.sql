-- The items of a request as parts. A lot is found by its number, as a receipt would find it.
create or replace function supply.read_items(
  p_region_id smallint,
  p_items jsonb
)
  returns supply.part[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select supply.new_part(p_item => e.ordinality::integer, p_sku_id => e.value ->> 'sku_id', p_lot_id => t.lot_id,
             p_batch_number => coalesce(t.batch_number, e.value ->> 'batch_number'), p_withheld => (e.value ->> 'withheld')::boolean,
             p_units => (e.value ->> 'quantity')::bigint)
      from jsonb_array_elements(p_items) with ordinality e
      left join stock.lots t
        on t.region_id = p_region_id and t.sku_id = e.value ->> 'sku_id' and t.batch_key = app.code_key(e.value ->> 'batch_number')
     order by e.ordinality);
end
$$;

grant execute on function supply.read_items(smallint, jsonb) to scoville_definer;
