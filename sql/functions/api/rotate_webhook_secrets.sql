-- Definer: no role may write to a table; this function gives webhooks new secrets. For a while messages carry the signatures of
-- both secrets, so a consumer can switch without a gap. Kept answers contain no secret: a repeat gets the one that signs now.
-- Lock order: endpoint_states, then endpoints (webhooks.lock_endpoint).
create or replace function api.rotate_webhook_secrets(
  p_region_id smallint,
  p_requests jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'rotate_webhook_secrets',
    p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_item record;
  v_found record;
  v_document json;
begin
  for v_item in
    select e.ordinality::integer as nth, e.value as item,
           coalesce((e.value ->> 'overlap_seconds')::integer, 86400) * interval '1 second' as overlap
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_found := webhooks.lock_endpoint(p_region_id => p_region_id, p_request => v_item.item, p_at_work => false);
    if v_found.refusal is not null then
      v_results := v_results || app.result_of(v_item.nth, v_found.refusal);
      continue;
    end if;
    perform webhooks.add_secret(
      p_region_id => p_region_id, p_endpoint_id => (v_found.endpoint).endpoint_id, p_overlap => v_item.overlap);
    update webhooks.endpoints p
       set previous_secret_expires_at = app.now() + v_item.overlap, version = p.version + 1, updated_at = app.now(),
           changed_by = coalesce(v_item.item -> 'meta' ->> 'actor', app.claim_subject()), change_reason = 'secret rotated',
           request_id = coalesce(v_item.item -> 'meta' ->> 'request_id', app.claim_request_id())
     where p.region_id = p_region_id and p.endpoint_id = (v_found.endpoint).endpoint_id;
    select d.document into v_document
      from webhooks.documents(p_region_id, array[(v_found.endpoint).endpoint_id]) d;
    v_results := v_results || app.new_result(p_ordinal => v_item.nth, p_body => v_document);
  end loop;
  perform identity.keep_answers(
    p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query
    select n.*
      from unnest(v_results) r
      left join lateral (
        select s.secret
          from webhooks.secrets s
         where r.code is null and s.region_id = p_region_id
           and webhooks.public_id(s.region_id, s.endpoint_id) = r.body ->> 'webhook_id'
         order by s.secret_no desc
         limit 1) w on true
     cross join lateral app.new_result(p_ordinal => r.ordinal, p_code => r.code, p_replayed => r.replayed,
       p_body => case when w.secret is null then r.body else app.join_json(r.body, json_build_object('secret', w.secret)) end) n
     order by r.ordinal;
end
$$;

comment on function api.rotate_webhook_secrets(smallint, jsonb) is
  'Gives webhooks new secrets. An array of {webhook_id, overlap_seconds (default one day)}; one result per element, in order, with the new secret.
Errors: ID001 ID002 ST009 WH001';
alter function api.rotate_webhook_secrets(smallint, jsonb) owner to scoville_definer;
grant execute on function api.rotate_webhook_secrets(smallint, jsonb) to admin, integration;
