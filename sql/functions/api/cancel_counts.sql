-- Definer: staff may not write to any table; this function cancels counts.
create or replace function api.cancel_counts(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'cancel_counts', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_count stock.counts;
  v_refusal api.refusal;
begin
  perform from stock.lock_counts(p_region_id, array(select e ->> 'count_id' from jsonb_array_elements(p_requests) e));
  for v_request in
    select e.ordinality::integer as ordinal, e.value as body, stock.find_count(p_region_id, e.value ->> 'count_id') as count_id
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select c.* into v_count from stock.counts c where c.region_id = p_region_id and c.count_id = v_request.count_id;
    v_refusal := stock.refuse_count(v_count, v_request.body);
    if v_refusal.code is not null then
      v_results := v_results || app.result_of(v_request.ordinal, v_refusal);
      continue;
    end if;
    perform stock.change_count(p_region_id => p_region_id, p_count_id => v_request.count_id, p_status => 'canceled',
      p_request => v_request.body, p_type => 'count.canceled');
    v_results := v_results || (
      select app.new_result(p_ordinal => v_request.ordinal, p_body => d.document)
        from stock.count_documents(p_region_id, array[v_request.count_id]) d);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.cancel_counts(smallint, jsonb) is
  'Cancels counts. Nothing is posted; entries stay, for the record. An array of {count_id, note}; one result per element, in order.
Errors: ID001 ID002 ST009 TA001 TA002';
alter function api.cancel_counts(smallint, jsonb) owner to scoville_definer;
grant execute on function api.cancel_counts(smallint, jsonb) to admin, warehouse;
