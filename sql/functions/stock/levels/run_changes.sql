-- What adjust_stock and set_stock share: repeats get their kept answer; the others are read, carried out, answered with the
-- level as it is now, and remembered.
create or replace function stock.run_changes(
  p_region_id smallint,
  p_route text,
  p_elements jsonb,
  p_reason_code text
)
  returns setof api.result
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_keys identity.key[] := identity.read_keys(p_elements);
  v_results api.result[] := array(select s from identity.check_keys(p_region_id, p_route, v_keys) s);
  v_drafts stock.draft[];
begin
  v_drafts := array(
    select d from stock.read_drafts(p_region_id, p_elements, p_reason_code, false, p_route = 'set_stock') d
     where d.ordinal <> all (select r.ordinal from unnest(v_results) r)
     order by d.ordinal);
  v_drafts := stock.change_levels(p_region_id, v_drafts);
  v_results := v_results || array(
    select row(d.ordinal, d.code, false, coalesce(d.body::json, stock.level_document(p_region_id, d)))::api.result
      from unnest(v_drafts) d);
  perform identity.keep_answers(p_region_id, p_route, v_keys, v_results);
  return query select * from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function stock.run_changes(smallint, text, jsonb, text) to scoville_definer;
