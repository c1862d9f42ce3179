-- An event that was never in the outbox, in the shape in which the sequencer appends events.
create or replace function events.new_event(
  p_region_id smallint,
  p_type text,
  p_audience text,
  p_subject text,
  p_sku_id text,
  p_warehouse_ids text[],
  p_channel_id text,
  p_version bigint,
  p_data jsonb,
  p_actor text,
  p_occurred_at timestamptz
)
  returns events.outbox
  language sql
  immutable
  parallel safe
  return row(p_region_id, null, p_type, p_audience, p_subject, p_sku_id, p_warehouse_ids, p_channel_id, p_version, p_data, p_actor,
    null, p_occurred_at)::events.outbox;

grant execute on function events.new_event(smallint, text, text, text, text, text[], text, bigint, jsonb, text, timestamptz)
  to scoville_definer;
