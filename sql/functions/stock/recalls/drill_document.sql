-- A drill as a document.
create or replace function stock.drill_document(
  p_drill stock.recall_drills
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select app.join_json(
           json_build_object('drill_id', 'DRL-' || p_drill.region_id || '-' || p_drill.drill_id, 'drilled_at', app.rfc3339(p_drill.drilled_at),
             'drilled_by', p_drill.changed_by, 'seconds', p_drill.seconds, 'digest', p_drill.digest),
           p_drill.document::json);
$$;

grant execute on function stock.drill_document(stock.recall_drills) to scoville_definer, admin;
