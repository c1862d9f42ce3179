-- The refusal of these picks, or null: a part that its warehouse wants scanned, parts that find too few units (p_short), or a lot that
-- passes others over without a reason.
create or replace function orders.refuse_picks(
  p_picks orders.pick[],
  p_short jsonb,
  p_unscanned orders.part
)
  returns api.refusal
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  if p_unscanned.sku_id is not null then
    return app.refuse(p_code => 'SH001', p_detail => format('%s wants the lot of every item as it was scanned. Name that of %s in '
      'batch_number.', p_unscanned.warehouse_id, p_unscanned.sku_id),
      p_pointer => coalesce('/items/' || p_unscanned.item - 1 || '/batch_number', '/items'));
  elsif p_short is not null then
    return app.refuse_lines(p_code => 'ST013', p_errors => p_short, p_detail =>
      'The sellable lots do not have enough units. Receive stock, release a lot, or cancel the order.');
  end if;
  for i in 1 .. cardinality(p_picks) loop
    if p_picks[i].passed_over is not null and p_picks[i].reason_code is null then
      return app.refuse(p_code => 'SH002', p_pointer => '/items/' || p_picks[i].item - 1 || '/reason_code',
        p_detail => format('Lots of %s that expire earlier stay in %s: %s. Say why in reason_code, or ship those. '
          'GET /v1/reason-codes?direction=pick lists the reasons.', p_picks[i].sku_id, p_picks[i].warehouse_id, array_to_string(p_picks[i].passed_over, ', ')),
        p_facts => jsonb_build_object('passed_over', p_picks[i].passed_over));
    end if;
  end loop;
  return null;
end
$$;

grant execute on function orders.refuse_picks(orders.pick[], jsonb, orders.part) to scoville_definer;
