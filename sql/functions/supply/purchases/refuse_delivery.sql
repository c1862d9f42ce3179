-- The refusal of a delivery, or null. It is asked twice: before its lots are created, and again under the locks, because another delivery may
-- have come in between. p_drafts: its items, all right by themselves. Refused units do not count against the tolerance: nobody keeps them.
create or replace function supply.refuse_delivery(
  p_purchase supply.purchases,
  p_request jsonb,
  p_drafts stock.draft[]
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_refusal api.refusal := coalesce(
    supply.refuse_purchase(p_purchase => p_purchase, p_request => p_request, p_statuses => '{ordered,partially_received,received}'),
    supply.refuse_repeat(p_purchase, p_request));
begin
  if v_refusal.code is not null then
    return v_refusal;
  elsif cardinality(p_drafts) = 0 then
    return app.refuse(p_code => 'VA001', p_pointer => '/items', p_detail => 'Name what came.');
  end if;
  return (
    select v.refusal
      from (select d.*, d.element ->> 'condition' as condition, d.element ->> 'said' as said, '/items/' || (d.element ->> 'item')::integer - 1 as pointer,
                   sum(case when d.element ->> 'condition' = 'refused' then 0 else d.counted end)
                     over (partition by d.sku_id order by d.ordinal) as so_far
              from unnest(p_drafts) d) d
      join supply.suppliers s on s.supplier_id = p_purchase.supplier_id
      left join lateral (
        select n.* from supply.purchase_lines n
         where n.region_id = p_purchase.region_id and n.purchase_id = p_purchase.purchase_id and n.sku_id = d.sku_id
         limit 1) l on true
     cross join lateral (select l.quantity::bigint * (100 + s.over_percent) / 100 as units) m
     cross join lateral (select case
       when d.counted < 1 or d.counted > 1000000000
         then app.refuse(p_code => 'VA001', p_pointer => d.pointer || '/quantity', p_detail => 'quantity must be between 1 and 1,000,000,000.')
       when d.condition not in ('good', 'damaged', 'refused')
         then app.refuse(p_code => 'VA001', p_pointer => d.pointer || '/condition', p_detail => 'condition is good, damaged or refused.')
       when d.condition = 'refused' and d.said is null
         then app.refuse(p_code => 'VA001', p_pointer => d.pointer || '/reason_code', p_detail => 'Say why it was refused: reason_code is missing.')
       when l.sku_id is null
         then app.refuse(p_code => 'SU006', p_pointer => d.pointer || '/sku_id', p_detail => format(
           'SKU %s is not on the purchase. An admin adds it with PATCH.', d.sku_id))
       when l.received + l.damaged + d.so_far > m.units and d.condition <> 'refused'
            and not (coalesce((p_request ->> 'accept_over')::boolean, false) and app.claim_role() = 'admin')
         then app.refuse(p_code => 'SU003', p_pointer => d.pointer || '/quantity', p_detail => format(
           '%s of %s were ordered, at most %s are accepted, and %s came with this delivery. Refuse the rest, or an admin sends accept_over.',
           l.quantity, d.sku_id, m.units, l.received + l.damaged + d.so_far), p_facts => jsonb_build_object('accepted_max', m.units))
       when d.condition <> 'good'
         then (select app.refuse(p_code => r.code, p_detail => r.body ->> 'detail',
                 p_pointer => d.pointer || (r.body #>> '{errors,0,pointer}'))
                 from catalog.refuse_reason(p_reason_code => coalesce(d.said, 'damaged'), p_units => -1, p_note => d.note) r
                where r.code is not null)
       end offset 0) v (refusal)
     where (v.refusal).code is not null
     order by d.ordinal
     limit 1);
end
$$;

grant execute on function supply.refuse_delivery(supply.purchases, jsonb, stock.draft[]) to scoville_definer;
