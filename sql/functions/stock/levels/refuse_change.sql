-- The draft of an adjustment or count with its refusal, if it must be refused: p_have is what its lot (or level) holds,
-- p_delta what it wants to change, p_can how many units may leave.
create or replace function stock.refuse_change(
  p_draft stock.draft,
  p_have bigint,
  p_delta bigint,
  p_can bigint,
  p_on_hand bigint,
  p_lot_ids bigint[]
)
  returns stock.draft
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_field text := case when p_draft.counted is null then '/delta' else '/stock' end;
begin
  if p_draft.batch_number is not null and p_have is null then
    p_draft.code := 'ST007';
    p_draft.body := app.refusal(format('There is no batch %s of %s.', p_draft.batch_number, p_draft.sku_id),
      '/batch_number');
  elsif p_draft.change_from <> p_have then
    p_draft.code := 'ST008';
    p_draft.body := app.refusal(
      format('The quantity is %s, not %s: it changed meanwhile. Look again and decide anew.', p_have,
        p_draft.change_from), '/change_from_quantity', jsonb_build_object('current', p_have));
  elsif exists (select from catalog.reason_codes c
                 where c.reason_code = p_draft.reason_code
                   and (c.direction = 'in' and p_delta < 0 or c.direction = 'out' and p_delta > 0)) then
    p_draft.code := 'ST006';
    p_draft.body := app.refusal(format('This changes the stock by %s, which reason %s does not go with.', p_delta,
      p_draft.reason_code), '/reason_code');
  elsif p_delta > 0 and cardinality(p_lot_ids) = 0 then
    p_draft.code := 'ST015';
    p_draft.body := app.refusal(
      'No batch of this SKU lies there. Name the batch, or receive it by POST /v1/inventory.', '/batch_number');
  elsif p_on_hand + p_delta > 2000000000 then
    p_draft.code := 'ST014';
    p_draft.body := app.refusal('A warehouse holds at most 2,000,000,000 units of a SKU.', v_field,
      jsonb_build_object('stock', p_on_hand));
  elsif p_delta < 0 and p_can + p_delta < 0 then
    p_draft.code := 'ST001';
    p_draft.body := app.refusal(
      format('%s units can leave, not %s: the others are promised to orders and reservations, kept as safety stock, '
        'or not there. Cancel, release or lower those first.', p_can, -p_delta), v_field,
      jsonb_build_object('sku_id', p_draft.sku_id, 'warehouse_location', p_draft.warehouse_id,
        'requested', -p_delta, 'available', p_can));
  end if;
  return p_draft;
end
$$;

grant execute on function stock.refuse_change(stock.draft, bigint, bigint, bigint, bigint, bigint[]) to scoville_definer;
