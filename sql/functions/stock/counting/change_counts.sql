-- The common part of recount_counts and cancel_counts. Repeats get their stored result. The others are carried out one after the other,
-- answered with the count, and stored.
-- Lock order: counts by id (stock.lock_counts).
create or replace function stock.change_counts(
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
  v_request record;
  v_count stock.counts;
  v_refusal api.refusal;
  v_document json;
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
    if v_refusal.code is null and p_route = 'recount_counts' then
      v_refusal := stock.reopen_lines(p_region_id => p_region_id, p_count_id => v_request.count_id, p_request => v_request.body);
    end if;
    if v_refusal.code is null and p_route = 'recount_counts' then
      perform stock.change_count(p_region_id => p_region_id, p_count_id => v_request.count_id,
        p_status => stock.open_status(p_region_id, v_request.count_id), p_request => v_request.body);
    elsif v_refusal.code is null then
      perform stock.change_count(p_region_id => p_region_id, p_count_id => v_request.count_id, p_status => 'canceled',
        p_request => v_request.body, p_type => 'count.canceled');
    end if;
    -- A separate statement, because it must see the rows that the change wrote.
    select d.document into v_document from stock.count_documents(p_region_id, array[v_request.count_id]) d;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function stock.change_counts(smallint, text, jsonb) to scoville_definer;
