-- Appends events to the log in the given order, each with the next seq and its hash in the chain. Returns the last hash.
create or replace function events.append_events(
  p_stream events.stream,
  p_events events.outbox[]
)
  returns bytea
  language plpgsql
  volatile
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
declare
  v_now timestamptz := app.now();
  v_hashes bytea[];
  v_written integer;
begin
  v_hashes := events.chain_hashes(p_stream.last_hash, array(
    select events.canonical_text(p_region_id => o.region_id, p_epoch => p_stream.epoch, p_recorded_at => v_now, p_type => o.type,
             p_audience => o.audience, p_subject => o.subject, p_sku_id => o.sku_id,
             p_warehouse_ids => o.warehouse_ids, p_channel_id => o.channel_id, p_version => o.version,
             p_data => o.data, p_actor => o.actor, p_request_id => o.request_id, p_occurred_at => o.occurred_at)
      from unnest(p_events) with ordinality o
     order by o.ordinality));
  with written as (
    insert into events.event_log
      (region_id, seq, epoch, recorded_at, type, audience, subject, sku_id, warehouse_ids, channel_id, version, data, actor,
       request_id, occurred_at, hash)
    select o.region_id, p_stream.last_seq + o.ordinality, p_stream.epoch, v_now, o.type, o.audience, o.subject, o.sku_id,
           o.warehouse_ids, o.channel_id, o.version, o.data, o.actor, o.request_id, o.occurred_at, h.hash
      from unnest(p_events) with ordinality o
      join unnest(v_hashes) with ordinality h (hash, nth) on h.nth = o.ordinality
     order by o.ordinality
    returning 1
  )
  select count(*) into v_written from written;
  if v_written <> cardinality(p_events) then
    raise exception using errcode = 'internal_error', message = 'events were lost on the way from the outbox to the log';
  end if;
  return v_hashes[v_written];
end
$$;

grant execute on function events.append_events(events.stream, events.outbox[]) to scoville_definer;
