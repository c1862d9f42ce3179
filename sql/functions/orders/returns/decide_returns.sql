-- The common part of approve_returns, refuse_returns and close_returns: repeats get their kept answer, the others are decided in order.
-- Lock order: returns in key order.
create or replace function orders.decide_returns(
  p_region_id smallint,
  p_route text,
  p_status text,
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
  v_answered integer[] := array(select r.ordinal from unnest(v_results) r);
  v_ids bigint[] := array(
    select case when e.ordinality <> all (v_answered) then orders.find_return(p_region_id, e.value ->> 'return_id') end
      from jsonb_array_elements(p_requests) with ordinality e
     order by e.ordinality);
  v_refusal api.refusal;
  v_document json;
begin
  perform orders.lock_returns(p_region_id, v_ids);
  for i in 1 .. cardinality(v_ids) loop
    continue when i = any (v_answered);
    v_refusal := orders.decide_return(p_region_id => p_region_id, p_return_id => v_ids[i], p_status => p_status,
      p_request => p_requests -> i - 1);
    select d.document into v_document from orders.return_documents(p_region_id, array[v_ids[i]]) d;
    v_results := v_results || app.result_of(p_ordinal => i, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function orders.decide_returns(smallint, text, text, jsonb) to scoville_definer;
