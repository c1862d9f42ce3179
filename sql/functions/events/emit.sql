-- Writes one event about anything other than a level to the outbox, in the transaction of the change.
-- The caller has locked or created the row of the aggregate, which keeps the versions of the aggregate in order in the log.
-- Events of the catalog have region 0.
create or replace function events.emit(
  p_region_id smallint,
  p_type text,
  p_subject text,
  p_channel_id text,
  p_warehouse_ids text[],
  p_version bigint,
  p_data jsonb,
  p_actor text,
  p_request_id text,
  p_sku_id text default null
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  insert into events.outbox
    (region_id, type, audience, subject, sku_id, channel_id, warehouse_ids, version, data, actor, request_id, occurred_at)
  values (p_region_id, p_type, events.audience_of(p_type), p_subject, p_sku_id, p_channel_id, p_warehouse_ids, p_version, p_data,
          p_actor, p_request_id, app.now());
$$;

grant execute on function events.emit(smallint, text, text, text, text[], bigint, jsonb, text, text, text) to scoville_definer;
