-- Gives a count its next status and version, and writes the event, if any. The caller has locked the count and changed its lines.
-- p_facts: what else the event says.
create or replace function stock.change_count(
  p_region_id smallint,
  p_count_id bigint,
  p_status text,
  p_request jsonb,
  p_type text default null,
  p_facts jsonb default '{}'
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old text := (select c.status from stock.counts c where c.region_id = p_region_id and c.count_id = p_count_id);
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
begin
  update stock.counts c
     set status = p_status, version = c.version + 1, updated_at = app.now(), changed_by = v_actor, change_reason = p_request ->> 'note',
         request_id = v_request_id
   where c.region_id = p_region_id and c.count_id = p_count_id;
  if p_type is not null then
    perform stock.emit_count_event(p_region_id => p_region_id, p_count_id => p_count_id, p_type => p_type, p_old => v_old,
      p_facts => p_facts);
  end if;
end
$$;

grant execute on function stock.change_count(smallint, bigint, text, jsonb, text, jsonb) to scoville_definer;
