-- Creates the lots that an offline sale names and that Scoville does not know.
create or replace function orders.create_sold_lots(
  p_region_id smallint,
  p_draft orders.draft,
  p_request jsonb
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform stock.create_lots(p_region_id, array(
    select stock.new_draft(p_ordinal => i.ordinality::integer, p_sku_id => i.value ->> 'sku_id', p_batch_number => n.number,
             p_reason_code => 'found', p_actor => p_draft.actor, p_request_id => p_draft.request_id, p_element => i.value)
      from jsonb_array_elements(coalesce(nullif(p_request -> 'items', 'null'), '[]')) with ordinality i
     cross join lateral (select coalesce(i.value ->> 'batch_number', i.value ->> 'lot_number') as number) n
     where n.number is not null
       and not exists (
         select from stock.lots t
          where t.region_id = p_region_id and t.sku_id = i.value ->> 'sku_id' and t.batch_key = app.code_key(n.number))));
end
$$;

grant execute on function orders.create_sold_lots(smallint, orders.draft, jsonb) to scoville_definer;
