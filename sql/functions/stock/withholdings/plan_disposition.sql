-- The movement that a disposition asks for, or its refusal. p_open: the units of the withholding that are still set aside. Units of a lot that
-- cannot be sold stay unavailable after a restock, whoever puts them back: the lot decides. Returned units have a rule of their own.
create or replace function stock.plan_disposition(
  p_withholding stock.withholdings,
  p_open integer,
  p_request jsonb,
  out movement stock.movement,
  out refusal api.refusal
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_kind text := p_request ->> 'disposition';
  v_units bigint := coalesce((p_request ->> 'quantity')::bigint, p_open);
  v_leaves bigint := case v_kind when 'restock' then 0 else -v_units end;
  v_reason text := coalesce(p_request ->> 'reason_code', case v_kind when 'restock' then 'restock' when 'scrap' then 'scrapped'
                                                                     else 'sent_back' end);
begin
  if p_withholding.withholding_id is null then
    refusal := app.refuse('WD001', format('Withholding %s does not exist, or is of a warehouse that is not yours.',
      p_request ->> 'withholding_id'));
  elsif v_kind is null then
    refusal := app.refuse(p_code => 'VA001', p_pointer => '/disposition', p_detail => 'Say what becomes of the units: disposition is missing.');
  elsif v_units > p_open or p_open = 0 then
    refusal := app.refuse(p_code => 'WD002', p_pointer => '/quantity', p_detail => format('%s of the %s units of %s are still withheld%s.',
      p_open, p_withholding.quantity, p_request ->> 'withholding_id', case when p_open > 0 then format(', not %s', v_units) else '' end),
      p_facts => jsonb_build_object('available', p_open));
  else
    refusal := catalog.refuse_reason(p_reason_code => v_reason, p_units => case v_kind when 'restock' then v_units else -v_units end,
      p_note => p_request ->> 'note');
  end if;
  if refusal.code is null and p_withholding.cause = 'returned' and v_kind <> 'scrap' then
    refusal := orders.refuse_disposition(p_region_id => p_withholding.region_id, p_withholding => p_withholding, p_request => p_request);
  end if;
  if refusal.code is null then
    movement := stock.new_movement(p_warehouse_id => p_withholding.warehouse_id, p_sku_id => p_withholding.sku_id, p_kind => v_kind,
      p_delta => stock.new_counters(p_on_hand => v_leaves), p_lot_id => p_withholding.lot_id, p_reason_code => v_reason,
      p_note => p_request ->> 'note', p_document => coalesce(p_request ->> 'reference', p_withholding.document),
      p_actor => coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()),
      p_request_id => coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id()), p_withheld => -v_units,
      p_withholding_id => p_withholding.withholding_id);
  end if;
end
$$;

grant execute on function stock.plan_disposition(stock.withholdings, integer, jsonb) to scoville_definer;
