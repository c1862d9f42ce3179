-- Definer: no role may write to a table; this function carries out recalls and takes them back: only its evidence stays.
-- Lock order: as api.recall_lots. What it locks, it releases with what it takes back.
create or replace function api.drill_recalls(
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => 'drill_recalls', p_requests => p_requests);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_request record;
  v_read record;
  v_id bigint;
  v_started timestamptz;
  v_document json;
  v_drill json;
begin
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    v_started := clock_timestamp();
    select r.lot_ids, r.refusal into v_read from stock.read_recall(p_region_id, v_request.request) r;
    v_drill := null;
    if (v_read.refusal).code is null then
      begin
        perform stock.lock_recall(p_region_id, v_read.lot_ids);
        v_id := stock.carry_out_recall(p_region_id => p_region_id, p_lot_ids => v_read.lot_ids, p_request => v_request.request,
          p_started_at => v_started);
        -- A separate statement, because it must see the rows that the recall wrote. Variables survive what is taken back.
        select d.document into v_document from stock.recall_documents(p_region_id, array[v_id]) d;
        raise exception using errcode = 'DRILL', message = 'a drill takes everything back';
      exception when sqlstate 'DRILL' then
        v_drill := stock.keep_drill(p_region_id => p_region_id, p_request => v_request.request, p_document => v_document::jsonb);
      end;
    end if;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_read.refusal, p_document => v_drill);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

comment on function api.drill_recalls(smallint, jsonb) is
  'Drills recalls: does everything that a recall does, measures it, takes it back, and keeps the evidence: the lists, their digest, the seconds, '
  'and how much is accounted for. An array of elements as of recall_lots; one result per element, in order.
Errors: ID001 ID002 RC001 ST004 ST005 ST006 VA001';
alter function api.drill_recalls(smallint, jsonb) owner to scoville_definer;
grant execute on function api.drill_recalls(smallint, jsonb) to admin;
