-- The common part of recall_lots and drill_recalls. Repeats get their stored result. The others are carried out one after the other, answered
-- with the recall or the evidence of the drill, and stored. A drill takes everything back but its evidence.
-- Lock order: as stock.lock_recall, once for all of them; then as stock.carry_out_recall.
create or replace function stock.run_recalls(
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
  v_read record;
  v_started timestamptz := clock_timestamp();
  v_id bigint;
  v_document json;
begin
  perform stock.lock_recall(p_region_id, array(
    select distinct l.lot_id
      from jsonb_array_elements(p_requests) with ordinality e
     cross join lateral stock.read_recall(p_region_id, e.value) r
     cross join lateral unnest(r.lot_ids) l (lot_id)
     where e.ordinality <> all (select n.ordinal from unnest(v_results) n) and (r.refusal).code is null));
  for v_request in
    select e.ordinality::integer as ordinal, e.value as request
      from jsonb_array_elements(p_requests) with ordinality e
     where e.ordinality <> all (select r.ordinal from unnest(v_results) r)
     order by e.ordinality
  loop
    select r.lot_ids, r.refusal into v_read from stock.read_recall(p_region_id, v_request.request) r;
    if (v_read.refusal).code is null then
      begin
        v_id := stock.carry_out_recall(p_region_id => p_region_id, p_lot_ids => v_read.lot_ids, p_request => v_request.request,
          p_started_at => v_started);
        -- A separate statement, because it must see the rows that the recall wrote. Variables survive what is taken back.
        select d.document into v_document from stock.recall_documents(p_region_id, array[v_id]) d;
        if p_route = 'drill_recalls' then
          raise exception using errcode = 'DRILL', message = 'a drill takes everything back';
        end if;
      exception when sqlstate 'DRILL' then
        v_document := stock.keep_drill(p_region_id => p_region_id, p_request => v_request.request, p_document => v_document::jsonb);
      end;
    end if;
    v_results := v_results || app.result_of(p_ordinal => v_request.ordinal, p_refusal => v_read.refusal, p_document => v_document);
  end loop;
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select r.* from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function stock.run_recalls(smallint, text, jsonb) to scoville_definer;
