-- The items of a request that notes recovered units, each with the lot that it names and the units of all items of its parcel and lot.
create or replace function stock.read_recoveries(
  p_region_id smallint,
  p_items jsonb
)
  returns table (nth bigint, parcel text, sku_id text, number text, fulfillment_id bigint, lot_id bigint, units bigint, total bigint)
  language sql
  stable
  set search_path = ''
as $$
  select i.ordinality, i.value ->> 'fulfillment_id', i.value ->> 'sku_id', i.value ->> 'batch_number', f.id, t.lot_id,
         (i.value ->> 'quantity')::bigint, sum((i.value ->> 'quantity')::bigint) over (partition by f.id, t.lot_id)::bigint
    from jsonb_array_elements(coalesce(nullif(p_items, 'null'), '[]')) with ordinality i
   cross join lateral (
     select case when i.value ->> 'fulfillment_id' ~ ('^FUL-' || p_region_id || '-[0-9]{1,18}$')
                 then split_part(i.value ->> 'fulfillment_id', '-', 3)::bigint end as id) f
    left join stock.lots t
      on t.region_id = p_region_id and t.sku_id = i.value ->> 'sku_id' and t.batch_key = app.code_key(i.value ->> 'batch_number');
$$;

grant execute on function stock.read_recoveries(smallint, jsonb) to scoville_definer;
