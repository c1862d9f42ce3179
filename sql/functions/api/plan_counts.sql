-- Definer: staff may not write to any table; this function plans counts.
create or replace function api.plan_counts(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'plan_counts', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  c_lines_max constant integer := 1000;
  v_request record;
  v_refusal api.refusal;
  v_skus text[];
  v_lots bigint[];
  v_max integer;
  v_count_id bigint;
  v_now timestamptz := app.now();
begin
  for v_request in
    select e.ordinality::integer as ordinal, e.value as body
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_refusal := stock.refuse_plan(p_region_id, v_request.body);
    if v_refusal.code is null then
      v_max := least(c_lines_max, (v_request.body ->> 'lines_max')::integer);
      select array_agg(l.sku_id), array_agg(l.lot_id) into v_skus, v_lots
        from (select n.sku_id, n.lot_id
                from stock.plan_lines(p_region_id, v_request.body) with ordinality n (sku_id, lot_id, nth)
               order by n.nth
               limit v_max + (v_request.body ->> 'lines_max' is null)::integer) l;
      v_refusal := case
        when cardinality(v_lots) > c_lines_max
          then app.refuse(p_code => 'TA006', p_pointer => '/lines_max', p_detail => format(
            'More than %s lots are to be counted. Name fewer SKUs, or send lines_max and plan the rest afterwards.', c_lines_max))
        when v_lots is null and v_request.body ->> 'scope' <> 'skus'
          then app.refuse(p_code => 'TA005', p_pointer => '/scope', p_detail => format('Nothing is to be counted in %s.',
            v_request.body ->> 'warehouse_location'))
        end;
    end if;
    if v_refusal.code is not null then
      v_results := v_results || app.result_of(v_request.ordinal, v_refusal);
      continue;
    end if;
    insert into stock.counts
      (region_id, warehouse_id, scope, blind, tolerance_units, tolerance_percent, note, created_at, updated_at, changed_by, change_reason,
       request_id)
    values (p_region_id, v_request.body ->> 'warehouse_location', v_request.body ->> 'scope',
            coalesce((v_request.body ->> 'blind')::boolean, true), coalesce((v_request.body ->> 'tolerance_units')::integer, 0),
            coalesce((v_request.body ->> 'tolerance_percent')::integer, 0), v_request.body ->> 'note', v_now, v_now,
            coalesce(v_request.body -> 'meta' ->> 'actor', app.claim_subject()), v_request.body ->> 'note',
            coalesce(v_request.body -> 'meta' ->> 'request_id', app.claim_request_id()))
    returning count_id into v_count_id;
    insert into stock.count_lines (region_id, count_id, warehouse_id, sku_id, lot_id)
    select p_region_id, v_count_id, v_request.body ->> 'warehouse_location', n.sku_id, n.lot_id
      from rows from (unnest(v_skus), unnest(v_lots)) as n (sku_id, lot_id)
    on conflict do nothing;
    perform stock.emit_count_event(p_region_id => p_region_id, p_count_id => v_count_id, p_type => 'count.opened', p_old => null);
    v_results := v_results || (
      select app.new_result(p_ordinal => v_request.ordinal, p_body => d.document) from stock.count_documents(p_region_id, array[v_count_id]) d);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.plan_counts(smallint, jsonb) is
  'Plans counts of a warehouse: of SKUs, of everything, of what was never counted, expires soon or a till asked for. An array of
{warehouse_location, scope, sku_ids, within_days, lines_max, blind, tolerance_units, tolerance_percent, note}; one result per element, in order.
Errors: ID001 ID002 KT003 ST002 ST003 TA005 TA006 VA001';
alter function api.plan_counts(smallint, jsonb) owner to scoville_definer;
grant execute on function api.plan_counts(smallint, jsonb) to admin, warehouse;
