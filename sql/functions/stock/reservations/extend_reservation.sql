-- Gives one locked reservation another expiry: a duration from now (ttl_seconds) or a time (expires_at), at most 24 hours ahead.
-- Returns a refusal, or null on success.
create or replace function stock.extend_reservation(
  p_region_id smallint,
  p_reservation_id bigint,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_field text := case when p_request ? 'ttl_seconds' then '/ttl_seconds' else '/expires_at' end;
  v_seconds bigint := (p_request ->> 'ttl_seconds')::bigint;
  v_until timestamptz;
  v_refusal api.refusal;
begin
  v_refusal := stock.refuse_reservation_change(p_region_id => p_region_id, p_reservation_id => p_reservation_id,
    p_request => p_request);
  if v_refusal.code is null then
    v_refusal := stock.refuse_inactive(p_region_id => p_region_id, p_reservation_id => p_reservation_id, p_pointer => '');
  end if;
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  -- Limited before it is added, so that the sum stays in the range of timestamptz.
  v_until := date_trunc('milliseconds', case when v_seconds is null then (p_request ->> 'expires_at')::timestamptz
    else v_now + least(greatest(v_seconds, 0), 86401) * interval '1 second' end);
  if (v_seconds is null) = (p_request ->> 'expires_at' is null) then
    return app.refuse('VA001', 'Send the new expiry: ttl_seconds (from now) or expires_at.');
  elsif not v_until > v_now then
    return app.refuse(p_code => 'VA001', p_pointer => v_field,
      p_detail => 'The expiry must be in the future. To release the units, send DELETE.');
  elsif v_until > v_now + interval '24 hours' then
    return app.refuse(p_code => 'VA001', p_pointer => v_field,
      p_detail => 'A reservation lasts at most 24 hours from now. Extend it again before it expires.');
  end if;
  update stock.reservations r
     set expires_at = v_until, version = r.version + 1, updated_at = v_now,
         changed_by = coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()), change_reason = 'extended',
         request_id = coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id())
   where r.region_id = p_region_id and r.reservation_id = p_reservation_id;
  perform stock.emit_reservation_events(p_region_id => p_region_id, p_type => 'reservation.extended',
    p_reservation_ids => array[p_reservation_id]);
  return null;
end
$$;

grant execute on function stock.extend_reservation(smallint, bigint, jsonb) to scoville_definer;
