-- Appends events to the log in the given order, each with the next seq and its hash in the chain. Returns the last hash. An event that
-- holds personal data gets a salt, and the chain only the hash of that data, so that it can be erased later.
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
  v_event events.outbox;
  v_hash bytea := p_stream.last_hash;
  v_hashes bytea[] := '{}';
  v_salt uuid;
  v_salts uuid[] := '{}';
  v_is_personal boolean;
  v_written integer;
begin
  foreach v_event in array p_events loop
    v_is_personal := events.is_personal(v_event.type, v_event.data);
    v_salt := case when v_is_personal then gen_random_uuid() end;
    v_salts := array_append(v_salts, v_salt);
    v_hash := events.link_hash(v_hash, events.canonical_text(
      p_region_id => v_event.region_id, p_epoch => p_stream.epoch, p_recorded_at => v_now, p_type => v_event.type,
      p_audience => v_event.audience, p_subject => v_event.subject, p_sku_id => v_event.sku_id,
      p_warehouse_ids => v_event.warehouse_ids, p_channel_id => v_event.channel_id, p_version => v_event.version,
      p_data => case when v_is_personal then events.without_person(v_event.data) else v_event.data end, p_actor => v_event.actor,
      p_request_id => v_event.request_id, p_occurred_at => v_event.occurred_at,
      p_personal_hash => case when v_is_personal then events.personal_hash(v_salt, v_event.data) end));
    v_hashes := v_hashes || v_hash;
  end loop;
  with written as (
    insert into events.event_log
      (region_id, seq, epoch, recorded_at, type, audience, subject, sku_id, warehouse_ids, channel_id, version, data, actor,
       request_id, occurred_at, hash, salt)
    select e.region_id, p_stream.last_seq + e.ordinality, p_stream.epoch, v_now, e.type, e.audience, e.subject, e.sku_id,
           e.warehouse_ids, e.channel_id, e.version, e.data, e.actor, e.request_id, e.occurred_at, e.hash, e.salt
      from rows from (unnest(p_events), unnest(v_hashes), unnest(v_salts)) with ordinality
             e (region_id, outbox_id, type, audience, subject, sku_id, warehouse_ids, channel_id, version, data, actor, request_id,
                occurred_at, hash, salt, ordinality)
    returning 1
  )
  select count(*) into v_written from written;
  if v_written <> cardinality(p_events) then
    raise exception using errcode = 'internal_error', message = 'events were lost on the way from the outbox to the log';
  end if;
  return v_hash;
end
$$;

grant execute on function events.append_events(events.stream, events.outbox[]) to scoville_definer;
