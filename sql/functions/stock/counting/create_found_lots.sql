-- Creates the lots that these entries found and that Scoville does not know, and returns the entries with the lots named.
create or replace function stock.create_found_lots(
  p_region_id smallint,
  p_entries jsonb
)
  returns jsonb
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform stock.create_lots(p_region_id, array(
    select stock.new_draft(p_ordinal => e.ordinality::integer, p_sku_id => e.value ->> 'sku_id', p_batch_number => e.value ->> 'batch_number',
             p_reason_code => 'found', p_actor => coalesce(e.value -> 'meta' ->> 'actor', app.claim_subject()),
             p_request_id => coalesce(e.value -> 'meta' ->> 'request_id', app.claim_request_id()), p_element => e.value)
      from jsonb_array_elements(p_entries) with ordinality e
     where e.value ->> 'lot_id' is null));
  return (
    select jsonb_agg(e.value || jsonb_build_object('lot_id', t.lot_id) order by e.ordinality)
      from jsonb_array_elements(p_entries) with ordinality e
      join stock.lots t
        on t.region_id = p_region_id and t.sku_id = e.value ->> 'sku_id' and t.batch_key = app.code_key(e.value ->> 'batch_number'));
end
$$;

grant execute on function stock.create_found_lots(smallint, jsonb) to scoville_definer;
