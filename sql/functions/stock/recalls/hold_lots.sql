-- Takes these (locked) lots out of sale, and withdraws the promises that have no units any more: they move to other warehouses, by age, or
-- wait. Returns the movements of promises. Promises of an earlier shortfall of these levels are settled, too.
-- Lock order: the caller has locked levels and lots (stock.lock_recall); here reservations and orders.
create or replace function stock.hold_lots(
  p_region_id smallint,
  p_lot_ids bigint[],
  p_request jsonb,
  p_actor text,
  p_request_id text
)
  returns stock.movement[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_lot stock.lots;
  v_refusal api.refusal;
  v_short record;
  v_moves stock.movement[];
begin
  for v_lot in
    select t.* from stock.lots t where t.region_id = p_region_id and t.lot_id = any (p_lot_ids) order by t.lot_id
  loop
    v_refusal := stock.change_lot(p_region_id, stock.new_draft(p_sku_id => v_lot.sku_id, p_batch_number => v_lot.batch_number,
      p_lot_id => v_lot.lot_id, p_reason_code => coalesce(p_request ->> 'reason_code', 'recalled'), p_note => p_request ->> 'note',
      p_actor => p_actor, p_request_id => p_request_id, p_element => '{"status": "recalled"}'));
    if v_refusal.code is not null then
      raise exception using errcode = 'internal_error', message = 'a lot refuses to be recalled', detail = (v_refusal.body)::text;
    end if;
  end loop;
  select array_agg(l.warehouse_id order by l.warehouse_id, l.sku_id) as warehouse_ids,
         array_agg(l.sku_id order by l.warehouse_id, l.sku_id) as sku_ids,
         array_agg(l.shortfall::bigint order by l.warehouse_id, l.sku_id) as units
    into v_short
    from stock.stock_levels l
   where l.region_id = p_region_id and l.shortfall > 0
     and exists (
       select from stock.lot_levels v
        where v.region_id = p_region_id and v.warehouse_id = l.warehouse_id and v.sku_id = l.sku_id and v.lot_id = any (p_lot_ids)
          and v.on_hand > 0)
     and (p_request ->> 'reallocate')::boolean is distinct from false;
  if v_short.units is null then
    return '{}';
  end if;
  v_moves := orders.resolve_shortfall(p_region_id => p_region_id, p_warehouse_ids => v_short.warehouse_ids, p_sku_ids => v_short.sku_ids,
    p_units => v_short.units, p_reason => 'recalled');
  perform stock.post_movements(p_region_id, v_moves);
  return v_moves;
end
$$;

grant execute on function stock.hold_lots(smallint, bigint[], jsonb, text, text) to scoville_definer;
