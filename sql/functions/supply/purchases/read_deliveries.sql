-- Reads the deliveries of a call, but those that were answered: their items as drafts of receipts, with their lots. A lot is named, dated and
-- refused as api.receive_stock does it. A delivery is refused as a whole, and first, so that a refused one creates no lot.
create or replace function supply.read_deliveries(
  p_region_id smallint,
  p_requests jsonb,
  p_found jsonb,
  out p_drafts stock.draft[],
  out p_refusals api.result[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_items jsonb := (
    select coalesce(jsonb_agg((i.value - 'note') || e.common || jsonb_strip_nulls(jsonb_build_object('item', i.ordinality,
             'stock', i.value -> 'quantity', 'note', coalesce(i.value -> 'note', e.note), 'condition', coalesce(i.value ->> 'condition', 'good')))
             order by e.ordinality, i.ordinality), '[]')
      -- A subquery reads the members of the delivery: otherwise the whole delivery would be sorted with each of its items.
      from (select r.ordinality, r.value -> 'note' as note, coalesce(nullif(r.value -> 'items', 'null'), '[]') as items,
                   jsonb_strip_nulls(jsonb_build_object('request', r.ordinality, 'meta', r.value -> 'meta', 'warehouse_location', p.warehouse_id,
                     'received_on', r.value -> 'received_on', 'occurred_at', r.value -> 'occurred_at')) as common
              from jsonb_array_elements(p_requests) with ordinality r
              join supply.purchases p on p.region_id = p_region_id and p.purchase_id = (p_found ->> r.ordinality::text)::bigint
            offset 0) e
     cross join jsonb_array_elements(e.items) with ordinality i);
  v_refusals api.result[];
begin
  select d.p_drafts, d.p_refusals into p_drafts, v_refusals
    from stock.read_drafts(p_region_id => p_region_id, p_elements => (
           select coalesce(jsonb_agg(i.value - 'reason_code' || jsonb_build_object('said', i.value -> 'reason_code') order by i.ordinality), '[]')
             from jsonb_array_elements(v_items) with ordinality i),
           p_skip => '{}', p_reason_code => 'received', p_quantity => 'quantity', p_may_create => false) d;
  p_drafts := stock.name_lots(p_region_id, p_drafts);
  v_refusals := v_refusals || stock.refuse_receipts(p_region_id, array(
    select d from unnest(p_drafts) d where d.element ->> 'condition' <> 'refused' or d.batch_number is not null order by d.ordinal));
  v_refusals := v_refusals || stock.refuse_other_dates(p_region_id, p_drafts);
  p_refusals := supply.refusals_of_items(v_items, v_refusals) || array(
    select app.result_of(e.ordinality::integer, r.refusal)
      from jsonb_array_elements(p_requests) with ordinality e
      left join supply.purchases p on p.region_id = p_region_id and p.purchase_id = (p_found ->> e.ordinality::text)::bigint
     cross join lateral (select supply.refuse_delivery(p_purchase => p, p_request => e.value, p_drafts => array(
       select d from unnest(p_drafts) d where (d.element ->> 'request')::integer = e.ordinality order by d.ordinal)) offset 0) r (refusal)
     where p_found ? e.ordinality::text and (r.refusal).code is not null
       and not exists (select from unnest(v_refusals) v where (v_items -> v.ordinal - 1 ->> 'request')::integer = e.ordinality));
  p_drafts := supply.drop_deliveries(p_drafts, p_refusals);
  -- Refused items have no lot unless they name one that exists.
  perform stock.create_lots(p_region_id, array(select d from unnest(p_drafts) d where d.element ->> 'condition' <> 'refused' order by d.ordinal));
  p_drafts := stock.name_lots(p_region_id, p_drafts);
  -- Another session may just have created the lot with another date.
  p_refusals := p_refusals || supply.refusals_of_items(v_items, stock.refuse_other_dates(p_region_id, p_drafts));
  p_drafts := supply.drop_deliveries(p_drafts, p_refusals);
end
$$;

grant execute on function supply.read_deliveries(smallint, jsonb, jsonb) to scoville_definer;
