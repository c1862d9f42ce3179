-- The text that the hash of an event covers: everything but its seq, which the chain itself implies. Of personal data it has only the
-- hash (p_personal_hash, null without any), and p_data is the rest: an erasure changes neither.
-- The text is the same in every session, whatever its time zone or date style: timestamps are microseconds since 1970.
create or replace function events.canonical_text(
  p_region_id smallint,
  p_epoch text,
  p_recorded_at timestamptz,
  p_type text,
  p_audience text,
  p_subject text,
  p_sku_id text,
  p_warehouse_ids text[],
  p_channel_id text,
  p_version bigint,
  p_data jsonb,
  p_actor text,
  p_request_id text,
  p_occurred_at timestamptz,
  p_personal_hash bytea
)
  returns text
  language sql
  stable
  parallel safe
  return jsonb_build_array(p_region_id, p_epoch, (extract(epoch from p_recorded_at) * 1000000)::bigint, p_type, p_audience, p_subject,
    p_sku_id, p_warehouse_ids, p_channel_id, p_version, p_data, p_actor, p_request_id,
    (extract(epoch from p_occurred_at) * 1000000)::bigint, encode(p_personal_hash, 'hex'))::text;

grant execute on function events.canonical_text(smallint, text, timestamptz, text, text, text, text, text[], text, bigint, jsonb,
  text, text, timestamptz, bytea) to scoville_definer, admin, scoville_worker;
