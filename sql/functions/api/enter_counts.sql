-- Definer: staff may not write to any table; this function records what was counted.
create or replace function api.enter_counts(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'enter_counts', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_plan jsonb := '[]';
  v_request record;
  v_read record;
  v_counts stock.counts[];
  v_count stock.counts;
  v_refusal api.refusal;
begin
  for v_request in
    select e.ordinality::integer as ordinal, e.value as body, stock.find_count(p_region_id, e.value ->> 'count_id') as count_id
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select c.* into v_count from stock.counts c where c.region_id = p_region_id and c.count_id = v_request.count_id;
    v_refusal := stock.refuse_count(v_count, v_request.body);
    if v_refusal.code is null then
      select r.p_entries, r.p_refusal into v_read from stock.read_entries(p_region_id, v_request.body) r;
      v_refusal := v_read.p_refusal;
    end if;
    if v_refusal.code is not null then
      v_results := v_results || app.result_of(v_request.ordinal, v_refusal);
    else
      v_plan := v_plan || jsonb_build_object('ordinal', v_request.ordinal, 'count_id', v_request.count_id, 'request', v_request.body,
        'warehouse_id', v_count.warehouse_id, 'entries', stock.create_found_lots(p_region_id, v_read.p_entries));
    end if;
  end loop;
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => coalesce(array_agg(k.warehouse_id), '{}'),
            p_sku_ids => coalesce(array_agg(k.sku_id), '{}'))
    from (select distinct p ->> 'warehouse_id' as warehouse_id, e ->> 'sku_id' as sku_id
            from jsonb_array_elements(v_plan) p
           cross join lateral jsonb_array_elements(p -> 'entries') e) k;
  v_counts := array(select c from stock.lock_counts(p_region_id, array(select p -> 'request' ->> 'count_id'
                                                                       from jsonb_array_elements(v_plan) p)) c);
  for v_request in
    select (p ->> 'ordinal')::integer as ordinal, (p ->> 'count_id')::bigint as count_id, p -> 'request' as body, p -> 'entries' as entries
      from jsonb_array_elements(v_plan) with ordinality p (p, nth)
     order by p.nth
  loop
    select c.* into v_count from unnest(v_counts) c where c.count_id = v_request.count_id;
    v_refusal := stock.refuse_count(v_count, v_request.body);
    if v_refusal.code is null then
      v_refusal := stock.write_entries(p_region_id => p_region_id, p_count => v_count, p_request => v_request.body,
        p_entries => v_request.entries);
    end if;
    if v_refusal.code is not null then
      v_results := v_results || app.result_of(v_request.ordinal, v_refusal);
      continue;
    end if;
    perform stock.change_count(p_region_id => p_region_id, p_count_id => v_count.count_id,
      p_status => stock.open_status(p_region_id, v_count.count_id), p_request => v_request.body, p_type => 'count.entered');
    v_results := v_results || (
      select app.new_result(p_ordinal => v_request.ordinal, p_body => d.document)
        from stock.count_documents(p_region_id, array[v_count.count_id]) d);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.enter_counts(smallint, jsonb) is
  'Records what was counted, all or none of a list. What is expected is compared at the moment of the entry (counted_at: an earlier one), so
nothing has to stand still. An array of {count_id, entries: [{sku_id, batch_number, counted, counted_at, confirm, note, expiration_date}]};
one result per element, in order.
Errors: ID001 ID002 KT003 ST002 ST007 ST009 ST011 TA001 TA002 TA003 TA006 VA001';
alter function api.enter_counts(smallint, jsonb) owner to scoville_definer;
grant execute on function api.enter_counts(smallint, jsonb) to admin, warehouse;
