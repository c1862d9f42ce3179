-- Definer: staff may not write to any table; this function posts the differences of counts.
create or replace function api.approve_counts(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'approve_counts', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_count stock.counts;
  v_counts stock.counts[] := '{}';
  v_refusal api.refusal;
  v_posted jsonb;
begin
  for v_request in
    select e.ordinality::integer as ordinal, e.value as body
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select c.* into v_count
      from stock.counts c where c.region_id = p_region_id and c.count_id = stock.find_count(p_region_id, v_request.body ->> 'count_id');
    v_refusal := stock.refuse_approval(p_region_id => p_region_id, p_count => v_count, p_request => v_request.body,
      p_others => array(select c.count_id from unnest(v_counts) c));
    if v_refusal.code is null then
      v_counts := v_counts || v_count;
    else
      v_results := v_results || app.result_of(v_request.ordinal, v_refusal);
    end if;
  end loop;
  v_posted := stock.post_counts(p_region_id => p_region_id, p_counts => v_counts, p_requests => p_requests);
  for v_request in
    select e.ordinality::integer as ordinal, e.value as body, c.count_id, p.lines, p.refused, p.facts
      from jsonb_array_elements(p_requests) with ordinality e
      join unnest(v_counts) c on stock.count_public_id(p_region_id, c.count_id) = e.value ->> 'count_id'
     cross join lateral (
       select count(*) as lines, array_agg(n.value order by n.ordinality) filter (where n.value ->> 'code' is not null) as refused,
              jsonb_build_object(
                'corrected', count(*) filter (where n.value ->> 'code' is null and n.value ->> 'delta' <> '0'),
                'added', coalesce(sum(greatest(0, (n.value ->> 'delta')::bigint)) filter (where n.value ->> 'code' is null), 0),
                'removed', coalesce(sum(greatest(0, -(n.value ->> 'delta')::bigint)) filter (where n.value ->> 'code' is null), 0)) as facts
         from jsonb_array_elements(v_posted) with ordinality n
        where (n.value ->> 'count_id')::bigint = c.count_id) p
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    if cardinality(v_request.refused) = v_request.lines then
      v_results := v_results || app.new_result(p_ordinal => v_request.ordinal, p_code => v_request.refused[1] ->> 'code',
        p_body => (v_request.refused[1] -> 'body')::json);
      continue;
    end if;
    perform stock.change_count(p_region_id => p_region_id, p_count_id => v_request.count_id,
      p_status => stock.open_status(p_region_id, v_request.count_id), p_request => v_request.body, p_type => 'count.approved',
      p_facts => v_request.facts);
    v_results := v_results || (
      select app.new_result(p_ordinal => v_request.ordinal, p_body => app.join_json(d.document, json_build_object('refused', array(
               select json_build_object('sku_id', f ->> 'sku_id', 'batch_number', f ->> 'batch_number', 'code', f ->> 'code',
                        'detail', f -> 'body' ->> 'detail')
                 from unnest(v_request.refused) f))))
        from stock.count_documents(p_region_id, array[v_request.count_id]) d);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.approve_counts(smallint, jsonb) is
  'Posts the differences of counts in review: what was counted, less what the ledger said at that moment, on the balance of now. A line that
cannot be posted stays in review (refused says why). An array of {count_id, note}; one result per element, in order.
Errors: ID001 ID002 ST001 ST006 ST007 ST008 ST009 ST014 ST015 ST020 TA001 TA002 TA004 TA007';
alter function api.approve_counts(smallint, jsonb) owner to scoville_definer;
grant execute on function api.approve_counts(smallint, jsonb) to admin, warehouse;
