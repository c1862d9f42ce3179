-- Keeps the evidence of a drill and returns it as a document. The ids and times of the recall that never was are left out.
create or replace function stock.keep_drill(
  p_region_id smallint,
  p_request jsonb,
  p_document jsonb
)
  returns json
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_drill stock.recall_drills;
begin
  insert into stock.recall_drills (region_id, document, seconds, digest, drilled_at, changed_by, change_reason, request_id)
  values (p_region_id, p_document - '{recall_id,status,version,opened_at,closed_at,close_note,updated_at,seconds,digest}'::text[],
          (p_document ->> 'seconds')::numeric, p_document ->> 'digest', app.now(),
          coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()), 'drill',
          coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id()))
  returning * into v_drill;
  return stock.drill_document(v_drill);
end
$$;

grant execute on function stock.keep_drill(smallint, jsonb, jsonb) to scoville_definer;
