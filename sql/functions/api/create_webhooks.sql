-- Definer: no role may write to a table; this function subscribes a webhook to events. A new webhook starts at the end of the log.
-- Only this answer contains its secret: a repeat of the idempotency key gets the answer without it.
create or replace function api.create_webhooks(
  p_region_id smallint,
  p_webhooks jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  c_webhooks_max constant integer := 100;
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'create_webhooks',
    p_requests => p_webhooks);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_secrets text[] := array_fill(null::text, array[jsonb_array_length(p_webhooks)]);
  v_item record;
  v_refusal api.refusal;
  v_id bigint;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item, coalesce(e.value -> 'meta' ->> 'actor', app.claim_subject()) as owner
      from jsonb_array_elements(p_webhooks) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_refusal := webhooks.refuse_settings(p_region_id, v_item.item);
    if v_refusal is null and c_webhooks_max <= (
         select count(*) from webhooks.endpoints p
          where p.region_id = p_region_id and p.owner = v_item.owner and p.deleted_at is null) then
      v_refusal := app.refuse(p_code => 'WH004', p_detail => format(
        'You have %s webhooks, the maximum per owner. Delete a webhook first.', c_webhooks_max));
    end if;
    if v_refusal is not null then
      v_results := v_results || app.result_of(v_item.nth, v_refusal);
      continue;
    end if;
    v_id := webhooks.create_endpoint(p_region_id => p_region_id, p_owner => v_item.owner, p_settings => v_item.item);
    v_secrets[v_item.nth] := webhooks.add_secret(p_region_id, v_id);
    v_results := v_results || array(
      select app.new_result(p_ordinal => v_item.nth, p_body => d.document::json)
        from webhooks.documents(p_region_id, array[v_id]) d);
  end loop;
  perform identity.keep_answers(
    p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query
    select (s.result).*
      from (select case when v_secrets[r.ordinal] is null then r
                        else app.new_result(p_ordinal => r.ordinal, p_code => r.code, p_replayed => r.replayed,
                               p_body => (r.body::jsonb || jsonb_build_object('secret', v_secrets[r.ordinal]))::json)
                   end as result
              from unnest(v_results) r) s
     order by (s.result).ordinal;
end
$$;

comment on function api.create_webhooks(smallint, jsonb) is
  'Creates webhooks. An array of {url, description, event_types, skus, warehouses, channels, rate_limit, concurrency, active}; one '
  'result per element, in order, with its secret.
Errors: ID001 ID002 OR008 ST002 ST003 WH003 WH004';
alter function api.create_webhooks(smallint, jsonb) owner to scoville_definer;
grant execute on function api.create_webhooks(smallint, jsonb) to admin, integration;
