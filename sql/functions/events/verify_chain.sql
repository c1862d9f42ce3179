-- The first event of the log that was altered, removed, added or moved, and what is wrong with it; no row if the chain is intact.
-- Checks every row against its predecessor, in one pass by seq. Of an event whose personal data was erased, the hash of that data stands
-- for it; everything else is recomputed, and the members that were erased must be null.
-- It cannot detect a log that a superuser rewrote from some event to its end, stream included. To detect that, keep a position
-- with its hash outside the database (a printed report, a mailbox).
create or replace function events.verify_chain()
  returns table (fault text, seq bigint, detail text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_stream events.stream;
  v_bad record;
begin
  select s.* into v_stream from events.stream s;
  select * into v_bad
    from (select e.seq as at, e.hash, l.text, (e.personal_hash is null and not e.data ? 'erased') or e.data = events.impersonal(e.data) || '{"erased": true}' as is_clean,
                 coalesce(lag(e.seq) over in_order, v_stream.first_seq - 1) + 1 as expected,
                 coalesce(lag(e.hash) over in_order, v_stream.anchor_hash) as before
            from events.event_log e
           cross join lateral (
             select case when e.salt is null and e.personal_hash is null then e.data else events.without_person(e.data) end offset 0) h (rest)
           cross join lateral (
             select events.canonical_text(p_region_id => e.region_id, p_epoch => e.epoch, p_recorded_at => e.recorded_at,
                      p_type => e.type, p_audience => e.audience, p_subject => e.subject, p_sku_id => e.sku_id,
                      p_warehouse_ids => e.warehouse_ids, p_channel_id => e.channel_id, p_version => e.version,
                      p_data => h.rest, p_actor => e.actor, p_request_id => e.request_id, p_occurred_at => e.occurred_at,
                      p_personal_hash => coalesce(e.personal_hash, events.personal_hash(e.salt, e.data)))) l (text)
           where e.seq >= v_stream.first_seq
          window in_order as (order by e.seq)) c
   where c.at <> c.expected or c.hash <> events.link_hash(c.before, c.text) or not c.is_clean
   order by c.at
   limit 1;
  if not found then
    return query select * from events.verify_end(v_stream);
  elsif v_bad.at > v_bad.expected then
    return query select 'removed', v_bad.expected, format('%s events are missing before %s', v_bad.at - v_bad.expected,
                   v_bad.at);
  elsif v_bad.at > v_stream.last_seq then
    return query select 'added', v_bad.at, 'the log continues after its end';
  elsif (select count(*) from events.event_log e where e.seq = v_bad.at) > 1 then
    return query select 'added', v_bad.at, 'this seq occurs twice';
  elsif not v_bad.is_clean then
    return query select 'altered', v_bad.at, 'its personal data was erased, but something is there';
  elsif events.belongs_elsewhere(v_bad.hash, v_bad.text) then
    return query select 'reordered', v_bad.at, 'this event followed a different one when it was recorded';
  else
    return query select 'altered', v_bad.at, 'its hash does not follow from its content and the previous event';
  end if;
end
$$;

grant execute on function events.verify_chain() to admin, scoville_worker;
