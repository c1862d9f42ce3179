-- The refusal of a change that takes units away, or null. A change never takes more units than lie there, but it may take promised ones: a
-- loss or a count says what is true, and the promises follow (orders.resolve_shortfall).
-- Withheld units leave only by a disposition of their withholding (api.dispose_withholdings).
-- p_slots: the named lot, or the lots with units that the reason takes.
-- Reason and lots must decide which units leave: sellable ones leave in order of expiry, as they are sold, but nothing says in which
-- order others leave, or whether a bottle that broke was one of those. Then the caller names the lot, unless all of them leave.
create or replace function stock.refuse_taking(
  p_draft stock.draft,
  p_units bigint,
  p_slots stock.slot[]
)
  returns api.refusal
  language plpgsql
  immutable
  set search_path = ''
as $$
declare
  c_listed_max constant integer := 20;
  v_field text := case when p_draft.cause is not null then '/quantity' when p_draft.counted is null then '/delta' else '/stock' end;
  v_sellable bigint := coalesce((select sum(s.on_hand - s.withheld) from unnest(p_slots) s where s.sellable), 0);
  v_blocked bigint := coalesce((select sum(s.on_hand - s.withheld) from unnest(p_slots) s where not s.sellable), 0);
  v_withheld bigint := coalesce((select sum(s.withheld) from unnest(p_slots) s), 0);
begin
  if p_draft.batch_number is not null and not stock.is_taken(p_takes => p_draft.takes, p_sellable => p_slots[1].sellable,
       p_status => p_slots[1].status, p_is_past => p_slots[1].is_past) then
    return app.refuse(p_code => 'ST020', p_pointer => '/reason_code',
      p_detail => format('Reason %s takes away units of lots that %s, and lot %s is %s. Choose another reason or another lot.',
        p_draft.reason_code, case p_draft.takes when 'sellable' then 'can be sold' when 'expired' then 'are past their expiry date'
                                                else 'are recalled' end, p_draft.batch_number, replace(p_slots[1].status, '_', ' ')),
      p_facts => jsonb_build_object('takes', p_draft.takes, 'status', p_slots[1].status));
  elsif p_draft.batch_number is null and v_blocked > 0 and cardinality(p_slots) > 1 and p_units < v_sellable + v_blocked then
    return app.refuse(p_code => 'ST015', p_pointer => '/batch_number',
      p_detail => format('Reason %s fits several lots, and not all of them can be sold. Name the lot in batch_number: %s.',
        p_draft.reason_code, (
          select string_agg(format('%s (%s, %s units)', s.batch_number, replace(s.status, '_', ' '), s.on_hand - s.withheld), ', '
                   order by s.ordinality)
            from unnest(p_slots) with ordinality s where s.ordinality <= c_listed_max)),
      p_facts => jsonb_build_object('candidates', (
          select jsonb_agg(jsonb_build_object('batch_number', s.batch_number, 'status', s.status, 'stock', s.on_hand - s.withheld)
                   order by s.ordinality)
            from unnest(p_slots) with ordinality s where s.ordinality <= c_listed_max)));
  elsif p_units > v_sellable + v_blocked then
    return app.refuse(p_code => 'ST001', p_pointer => v_field,
      p_detail => format('%s has %s of %s%s, not %s.%s', p_draft.warehouse_id,
        case v_sellable + v_blocked when 0 then 'no units' when 1 then '1 unit' else v_sellable + v_blocked || ' units' end,
        p_draft.sku_id,
        case when p_draft.batch_number is not null then ' in lot ' || p_draft.batch_number
             when p_draft.takes = 'sellable' then ' that can be sold'
             when p_draft.takes = 'expired' then ' past their expiry date'
             when p_draft.takes = 'recalled' then ' in recalled lots' else '' end, p_units,
        case when v_withheld > 0 then format(' %s more are withheld: say with POST /v1/withholdings/{id}/dispose what became of them.',
                                        v_withheld) else '' end),
      p_facts => jsonb_build_object('sku_id', p_draft.sku_id, 'warehouse_location', p_draft.warehouse_id,
        'requested', p_units, 'available', v_sellable + v_blocked)
        || case when v_withheld > 0 then jsonb_build_object('withheld', v_withheld) else '{}' end);
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_taking(stock.draft, bigint, stock.slot[]) to scoville_definer;
