-- Definer: no role may write to a table; this function closes recalls. The lots stay recalled.
-- Lock order: the recall.
create or replace function api.close_recalls(
  p_region_id smallint,
  p_requests jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set plan_cache_mode = force_generic_plan
  set enable_seqscan = off
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'close_recalls', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_recall stock.recalls;
  v_refusal api.refusal;
  v_document json;
begin
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select r.* into v_recall
      from stock.recalls r
     where r.region_id = p_region_id and r.recall_id = stock.find_recall(p_region_id, v_request.request ->> 'recall_id')
     order by r.recall_id
       for no key update;
    v_refusal := stock.refuse_recall_change(v_recall, v_request.request);
    if v_refusal.code is null then
      update stock.recalls r
         set version = r.version + 1, updated_at = app.now(), changed_by = coalesce(v_request.request -> 'meta' ->> 'actor', app.claim_subject()),
             change_reason = 'closed', request_id = coalesce(v_request.request -> 'meta' ->> 'request_id', app.claim_request_id()),
             status = 'closed', closed_at = app.now(), close_note = v_request.request ->> 'note'
       where r.region_id = p_region_id and r.recall_id = v_recall.recall_id;
      perform stock.emit_recall(p_region_id => p_region_id, p_type => 'recall.closed', p_recall_id => v_recall.recall_id);
    end if;
    select d.document into v_document from stock.recall_documents(p_region_id, array[v_recall.recall_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.close_recalls(smallint, jsonb) is
  'Closes recalls. Their lots stay recalled. An array of {recall_id, note, if_match}; one result per element, in order.
Errors: ID001 ID002 RC002 RC004 ST009';
alter function api.close_recalls(smallint, jsonb) owner to scoville_definer;
grant execute on function api.close_recalls(smallint, jsonb) to admin;
