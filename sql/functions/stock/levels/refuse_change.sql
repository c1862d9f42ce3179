-- The refusal of an adjustment or count, or null. p_have: the units of its lot (or level); p_delta: the requested change; p_level: the
-- level; p_slots: the lots that it would change.
create or replace function stock.refuse_change(
  p_region_id smallint,
  p_draft stock.draft,
  p_have bigint,
  p_delta bigint,
  p_level stock.counters,
  p_slots stock.slot[]
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_refusal api.refusal := stock.refuse_version(p_region_id, p_draft);
begin
  if v_refusal.code is not null then
    return v_refusal;
  elsif p_draft.batch_number is not null and p_have is null then
    return app.refuse(p_code => 'ST007', p_pointer => '/batch_number',
      p_detail => format('Lot %s of %s does not exist.', p_draft.batch_number, p_draft.sku_id));
  elsif p_draft.change_from <> p_have then
    return app.refuse(p_code => 'ST008', p_pointer => '/change_from_quantity',
      p_detail => format('The quantity is %s, not %s: it changed in the meantime. Read it again and decide again.', p_have,
        p_draft.change_from), p_facts => jsonb_build_object('current', p_have));
  elsif exists (select from catalog.reason_codes c
                 where c.reason_code = p_draft.reason_code
                   and (c.direction = 'in' and p_delta < 0 or c.direction = 'out' and p_delta > 0)) then
    return app.refuse(p_code => 'ST006', p_pointer => '/reason_code',
      p_detail => format('This changes the stock by %s, which reason %s does not allow.', p_delta, p_draft.reason_code));
  elsif p_delta > 0 and cardinality(p_slots) = 0 then
    return app.refuse(p_code => 'ST015', p_pointer => '/batch_number',
      p_detail => 'The warehouse has no lot of this SKU. Name the lot (batch_number), or receive it with POST /v1/inventory.');
  elsif p_level.on_hand + p_delta > 2000000000 then
    return app.refuse(p_code => 'ST014', p_detail => 'A warehouse can hold at most 2,000,000,000 units of a SKU.',
      p_pointer => case when p_draft.counted is null then '/delta' else '/stock' end,
      p_facts => jsonb_build_object('stock', p_level.on_hand));
  elsif p_delta < 0 then
    return stock.refuse_taking(p_draft => p_draft, p_units => -p_delta, p_slots => p_slots);
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_change(smallint, stock.draft, bigint, bigint, stock.counters, stock.slot[]) to scoville_definer;
