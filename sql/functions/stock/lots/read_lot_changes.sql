-- Reads changes of lots, except p_skip. Without a reason_code the default reason of the new status is used.
create or replace function stock.read_lot_changes(
  p_region_id smallint,
  p_changes jsonb,
  p_skip integer[]
)
  returns stock.draft[]
  language sql
  stable
  set search_path = ''
as $$
  select array(
    select stock.new_draft(p_ordinal => e.ordinality::integer, p_sku_id => e.value ->> 'sku_id',
             p_batch_number => coalesce(t.batch_number, e.value ->> 'batch_number'), p_lot_id => t.lot_id,
             p_reason_code => coalesce(e.value ->> 'reason_code', case e.value ->> 'status' when 'recalled' then 'recalled'
               when 'damaged' then 'damaged' when 'destroyed' then 'scrapped' else 'quality_control' end),
             p_note => e.value ->> 'note', p_if_match => e.value ->> 'if_match',
             p_actor => coalesce(e.value -> 'meta' ->> 'actor', app.claim_subject()),
             p_request_id => coalesce(e.value -> 'meta' ->> 'request_id', app.claim_request_id()), p_element => e.value)
      from jsonb_array_elements(p_changes) with ordinality e
      left join stock.lots t
        on t.region_id = p_region_id and t.sku_id = e.value ->> 'sku_id'
       and t.batch_key = app.code_key(e.value ->> 'batch_number')
     where e.ordinality <> all (p_skip)
     order by e.ordinality);
$$;

grant execute on function stock.read_lot_changes(smallint, jsonb, integer[]) to scoville_definer;
