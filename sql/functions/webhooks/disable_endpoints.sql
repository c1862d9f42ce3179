-- Disables endpoints that answered 410 (gone), or that have received nothing for days. The webhook shows it to its owner, and an
-- event reports it to admins. Saving the webhook with active true enables it again.
create or replace function webhooks.disable_endpoints(
  p_region_ids smallint[],
  p_endpoint_ids bigint[],
  p_reasons text[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_endpoint webhooks.endpoints;
begin
  for v_endpoint in
    update webhooks.endpoints p
       set disabled_at = app.now(), disabled_reason = w.reason, version = p.version + 1, updated_at = app.now(),
           changed_by = 'system', change_reason = w.reason, request_id = null
      from unnest(p_region_ids, p_endpoint_ids, p_reasons) w (region_id, endpoint_id, reason)
     where p.region_id = w.region_id and p.endpoint_id = w.endpoint_id and p.disabled_at is null and p.deleted_at is null
    returning p.*
  loop
    perform events.emit(
      p_region_id => v_endpoint.region_id,
      p_type => 'webhook.disabled',
      p_subject => 'webhooks/' || webhooks.public_id(v_endpoint.region_id, v_endpoint.endpoint_id),
      p_channel_id => null,
      p_warehouse_ids => '{}',
      p_version => v_endpoint.version,
      p_data => jsonb_build_object('webhook_id', webhooks.public_id(v_endpoint.region_id, v_endpoint.endpoint_id),
        'url', v_endpoint.url, 'owner', v_endpoint.owner, 'reason', v_endpoint.disabled_reason,
        'old', jsonb_build_object('status', 'active'), 'new', jsonb_build_object('status', 'disabled')),
      p_actor => 'system',
      p_request_id => null);
  end loop;
end
$$;

grant execute on function webhooks.disable_endpoints(smallint[], bigint[], text[]) to scoville_definer;
