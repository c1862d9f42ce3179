-- Definer: staff may not write to any table; this function says what becomes of units that were set aside.
-- Lock order: levels (stock.lock_to_change), lots and lot_levels, then the returns that the units came with.
create or replace function api.dispose_withholdings(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'dispose_withholdings', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_requests jsonb := (
    select coalesce(jsonb_agg(e.value || jsonb_build_object('ordinal', e.ordinality,
             'id', stock.find_withholding(p_region_id, e.value ->> 'withholding_id')) order by e.ordinality), '[]')
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r));
  v_request record;
  v_withholding stock.withholdings;
  v_open integer;
  v_plan record;
  v_movements stock.movement[] := '{}';
  v_accepted integer[] := '{}';
begin
  perform stock.lock_to_change(p_region_id => p_region_id, p_warehouse_ids => coalesce(array_agg(k.warehouse_id), '{}'),
            p_sku_ids => coalesce(array_agg(k.sku_id), '{}'))
    from (select distinct w.warehouse_id, w.sku_id
            from jsonb_array_elements(v_requests) e
            join stock.withholdings w on w.region_id = p_region_id and w.withholding_id = (e.value ->> 'id')::bigint) k;
  for v_request in
    select (e.value ->> 'ordinal')::integer as ordinal, (e.value ->> 'id')::bigint as withholding_id, e.value as request
      from jsonb_array_elements(v_requests) with ordinality e
     order by e.ordinality
  loop
    select w.* into v_withholding
      from stock.withholdings w where w.region_id = p_region_id and w.withholding_id = v_request.withholding_id;
    v_open := v_withholding.open_quantity + (
      select coalesce(sum(m.withheld), 0) from unnest(v_movements) m where m.withholding_id = v_request.withholding_id);
    select p.movement, p.refusal into v_plan
      from stock.plan_disposition(p_withholding => v_withholding, p_open => v_open,
             p_request => v_request.request) p;
    if (v_plan.refusal).code is null then
      v_movements := v_movements || v_plan.movement;
      v_accepted := v_accepted || v_request.ordinal;
    else
      v_results := v_results || app.result_of(v_request.ordinal, v_plan.refusal);
    end if;
  end loop;
  if cardinality(v_movements) > 0 then
    perform stock.post_movements(p_region_id => p_region_id, p_movements => v_movements, p_locked => true);
    perform orders.settle_returns(p_region_id => p_region_id, p_return_ids => array(
        select c.return_id from orders.return_receipts c
         where c.region_id = p_region_id and c.withholding_id = any (array(select m.withholding_id from unnest(v_movements) m))),
      p_actor => v_movements[1].actor, p_request_id => v_movements[1].request_id);
  end if;
  v_results := v_results || array(
    select app.new_result(p_ordinal => (e.value ->> 'ordinal')::integer, p_body => d.document)
      from jsonb_array_elements(v_requests) e
      join stock.withholding_documents(p_region_id, array(select m.withholding_id from unnest(v_movements) m)) d
        on d.withholding_id = (e.value ->> 'id')::bigint
     where (e.value ->> 'ordinal')::integer = any (v_accepted));
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.dispose_withholdings(smallint, jsonb) is
  'Says what becomes of withheld units, in parts or all: restock puts them back (an order that waits gets them first), scrap and send_back take '
  'them away. An array of {withholding_id, disposition, quantity, reason_code, note, reference, force}; one result per element, in order. '
  'A return of which nothing is withheld any more closes.
Errors: ID001 ID002 RT005 RT006 ST004 ST005 ST006 VA001 WD001 WD002';
alter function api.dispose_withholdings(smallint, jsonb) owner to scoville_definer;
grant execute on function api.dispose_withholdings(smallint, jsonb) to admin, warehouse;
