-- The common part of recover_recalls and close_recalls. Repeats get their stored result. The others are changed one after the other, answered
-- with the recall, and stored.
-- Lock order: the recalls in key order; nothing else is locked with them.
create or replace function stock.change_recalls(
  p_region_id smallint,
  p_route text,
  p_requests jsonb
)
  returns setof api.result
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => p_route, p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_closes boolean := p_route = 'close_recalls';
  v_now timestamptz := app.now();
  v_request record;
  v_recall stock.recalls;
  v_refusal api.refusal;
  v_document json;
begin
  perform from stock.recalls r
   where r.region_id = p_region_id
     and r.recall_id in (select stock.find_recall(p_region_id, e.value ->> 'recall_id') from jsonb_array_elements(p_requests) e)
   order by r.recall_id
     for no key update;
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select r.* into v_recall
      from stock.recalls r
     where r.region_id = p_region_id and r.recall_id = stock.find_recall(p_region_id, v_request.request ->> 'recall_id');
    v_refusal := stock.refuse_recall_change(v_recall, v_request.request);
    if v_refusal.code is null and not v_closes then
      v_refusal := stock.note_recoveries(p_region_id => p_region_id, p_recall_id => v_recall.recall_id,
        p_items => v_request.request -> 'items');
    end if;
    if v_refusal.code is null then
      update stock.recalls r
         set status = case when v_closes then 'closed' else r.status end, closed_at = case when v_closes then v_now end,
             close_note = case when v_closes then v_request.request ->> 'note' end, version = r.version + 1, updated_at = v_now,
             changed_by = coalesce(v_request.request -> 'meta' ->> 'actor', app.claim_subject()),
             change_reason = concat_ws(': ', case when v_closes then 'closed' else 'recovered' end, v_request.request ->> 'note'),
             request_id = coalesce(v_request.request -> 'meta' ->> 'request_id', app.claim_request_id())
       where r.region_id = p_region_id and r.recall_id = v_recall.recall_id;
      if v_closes then
        perform stock.emit_recall(p_region_id => p_region_id, p_type => 'recall.closed', p_recall_id => v_recall.recall_id);
      end if;
    end if;
    select d.document into v_document from stock.recall_documents(p_region_id, array[v_recall.recall_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function stock.change_recalls(smallint, text, jsonb) to scoville_definer;
