-- Recalls these (locked) lots: holds every unit of them, moves promises, freezes the lists, and says so in an event. Lots of an open recall
-- join the earliest of those; else a recall is opened. Returns its id. A drill calls this, too, and takes everything back.
-- Lock order: the caller has locked levels and lots (stock.lock_recall); here reservations, orders and the recall.
create or replace function stock.carry_out_recall(
  p_region_id smallint,
  p_lot_ids bigint[],
  p_request jsonb,
  p_started_at timestamptz
)
  returns bigint
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_id bigint;
  v_moves stock.movement[] := stock.hold_lots(p_region_id => p_region_id, p_lot_ids => p_lot_ids, p_request => p_request,
    p_actor => v_actor, p_request_id => v_request_id);
  v_seconds numeric;
begin
  select r.recall_id into v_id
    from stock.recalls r
   where r.region_id = p_region_id and r.status = 'open'
     and exists (select from stock.recall_lots l
                  where l.region_id = p_region_id and l.recall_id = r.recall_id and l.lot_id = any (p_lot_ids))
   order by r.recall_id
   limit 1
     for no key update;
  if v_id is null then
    insert into stock.recalls
      (region_id, reason_code, note, person, warehouse_ids, channel_ids, seconds, digest, opened_at, updated_at, changed_by, change_reason,
       request_id)
    values (p_region_id, coalesce(p_request ->> 'reason_code', 'recalled'), p_request ->> 'note', p_request ->> 'person', '{}', '{}', 0, '',
            v_now, v_now, v_actor, 'recalled', v_request_id)
    returning recall_id into v_id;
  end if;
  perform stock.freeze_recall(p_region_id => p_region_id, p_recall_id => v_id, p_lot_ids => p_lot_ids, p_moves => v_moves);
  v_seconds := round(extract(epoch from clock_timestamp() - p_started_at)::numeric, 3);
  update stock.recalls r
     set warehouse_ids = s.warehouse_ids, channel_ids = s.channel_ids, seconds = v_seconds,
         digest = stock.recall_digest(p_region_id, v_id), version = r.version + 1, updated_at = v_now, changed_by = v_actor,
         change_reason = 'recalled', request_id = v_request_id
    from stock.recall_scope(p_region_id, v_id) s
   where r.region_id = p_region_id and r.recall_id = v_id;
  update stock.recall_lots l
     set warehouse_ids = r.warehouse_ids, channel_ids = r.channel_ids
    from stock.recalls r
   where l.region_id = p_region_id and l.recall_id = v_id and r.region_id = p_region_id and r.recall_id = v_id;
  perform stock.emit_recall(p_region_id => p_region_id, p_type => 'recall.opened', p_recall_id => v_id);
  return v_id;
end
$$;

grant execute on function stock.carry_out_recall(smallint, bigint[], jsonb, timestamptz) to scoville_definer;
