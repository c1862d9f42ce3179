-- Begins the next round of the lines that a request names. Returns the refusal, or null.
-- Lock order: the caller has locked the count.
create or replace function stock.reopen_lines(
  p_region_id smallint,
  p_count_id bigint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_wrong record;
begin
  if coalesce(jsonb_array_length(nullif(p_request -> 'lines', 'null')), 0) = 0 then
    return app.refuse(p_code => 'VA001', p_pointer => '/lines', p_detail => 'Say which lines are to be counted again: lines is missing.');
  end if;
  select e.ordinality - 1 as nth, e.value ->> 'sku_id' as sku_id, e.value ->> 'batch_number' as batch_number into v_wrong
    from jsonb_array_elements(p_request -> 'lines') with ordinality e
    left join stock.lots t
      on t.region_id = p_region_id and t.sku_id = e.value ->> 'sku_id' and t.batch_key = app.code_key(e.value ->> 'batch_number')
    left join stock.count_lines l on l.region_id = p_region_id and l.count_id = p_count_id and l.lot_id = t.lot_id
   where l.status is distinct from 'counted'
   order by e.ordinality
   limit 1;
  if found then
    return app.refuse(p_code => 'VA001', p_pointer => '/lines/' || v_wrong.nth, p_detail => format(
      'Lot %s of %s is no counted line of this count.', v_wrong.batch_number, v_wrong.sku_id));
  end if;
  update stock.count_lines l
     set status = 'recount', round = l.round + 1, entry_id = null
    from (select distinct t.lot_id
            from jsonb_array_elements(p_request -> 'lines') e
            join stock.lots t
              on t.region_id = p_region_id and t.sku_id = e ->> 'sku_id' and t.batch_key = app.code_key(e ->> 'batch_number')) n
   where l.region_id = p_region_id and l.count_id = p_count_id and l.lot_id = n.lot_id;
  return null;
end
$$;

grant execute on function stock.reopen_lines(smallint, bigint, jsonb) to scoville_definer;
