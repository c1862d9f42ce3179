-- Sets the reorder point of one (locked) level, or takes it away (null). The posting moves no unit: it gives the level a new version
-- and an event, which tells the sequencer to look again (events.announce_stock).
-- Lock order: the caller has locked the stock_levels.
create or replace function stock.change_reorder_point(
  p_region_id smallint,
  p_draft stock.draft
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_refusal api.refusal := stock.refuse_version(p_region_id, p_draft);
  v_wanted bigint := (p_draft.element ->> 'reorder_point')::bigint;
begin
  if v_refusal.code is not null then
    return v_refusal;
  elsif v_wanted not between 0 and 2000000000 then
    return app.refuse(p_code => 'VA001', p_detail => 'A reorder point is a number of units, 0 or more; null takes it away.',
      p_pointer => '/reorder_point');
  end if;
  perform stock.post_movements(p_region_id, array[
    stock.new_movement(p_warehouse_id => p_draft.warehouse_id, p_sku_id => p_draft.sku_id, p_kind => 'adjustment',
      p_delta => stock.new_counters(), p_reason_code => p_draft.reason_code, p_note => coalesce(p_draft.note, 'reorder point'),
      p_actor => p_draft.actor, p_request_id => p_draft.request_id)]);
  update stock.stock_levels l
     set reorder_point = v_wanted
   where l.region_id = p_region_id and l.warehouse_id = p_draft.warehouse_id and l.sku_id = p_draft.sku_id;
  return null;
end
$$;

grant execute on function stock.change_reorder_point(smallint, stock.draft) to scoville_definer;
