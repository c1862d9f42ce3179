-- Reads changes of status of lots. Without a reason_code the usual one of the new status is taken.
create or replace function stock.read_lot_changes(
  p_region_id smallint,
  p_changes jsonb,
  p_skip integer[]
)
  returns setof stock.draft
  language sql
  stable
  set search_path = ''
as $$
  select e.ordinality::integer, null::text, null::jsonb, e.value ->> 'sku_id', null::text, null::bigint, null::bigint,
         e.value ->> 'batch_number', t.lot_id,
         coalesce(e.value ->> 'reason_code', case e.value ->> 'status' when 'recalled' then 'recalled'
           when 'damaged' then 'damaged' when 'destroyed' then 'scrapped' else 'quality_control' end),
         e.value ->> 'note', null::text, null::bigint, e.value ->> 'if_match',
         coalesce(e.value -> 'meta' ->> 'actor', app.claim_subject()),
         coalesce(e.value -> 'meta' ->> 'request_id', app.claim_request_id()), e.value
    from jsonb_array_elements(p_changes) with ordinality e
    left join stock.lots t
      on t.region_id = p_region_id and t.sku_id = e.value ->> 'sku_id' and t.batch_number = e.value ->> 'batch_number'
   where e.ordinality <> all (p_skip)
   order by e.ordinality;
$$;

grant execute on function stock.read_lot_changes(smallint, jsonb, integer[]) to scoville_definer;
