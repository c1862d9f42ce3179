-- The common part of adjust_stock and set_stock. Repeats get their stored result. The others are read, carried out, answered with
-- the current level, and stored.
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
  v_keys identity.key[] := identity.read_keys(p_region_id => p_region_id, p_route => p_route, p_requests => p_elements);
  v_results api.result[] := identity.check_keys(p_region_id, v_keys);
  v_drafts stock.draft[];
  v_refusals api.result[];
  v_changed record;
  v_quantity text := case p_route when 'set_stock' then 'stock' else 'delta' end;
  v_skip integer[] := array(select r.ordinal from unnest(v_results) r);
  v_unpacked record;
begin
  select u.p_unpacked as elements, u.p_refusals as refusals into v_unpacked
    from catalog.unpack_elements(p_elements => p_elements, p_quantity => v_quantity, p_skip => v_skip) u;
  select d.p_drafts, d.p_refusals || v_unpacked.refusals into v_drafts, v_refusals
    from stock.read_drafts(p_region_id => p_region_id, p_elements => v_unpacked.elements,
           p_skip => v_skip || array(select r.ordinal from unnest(v_unpacked.refusals) r), p_reason_code => p_reason_code,
           p_quantity => v_quantity, p_may_create => false,
           p_sku_in_path => p_route = 'set_stock') d;
  v_drafts := stock.name_lots(p_region_id, v_drafts);
  select c.p_accepted as accepted, c.p_refusals as refusals into v_changed from stock.change_levels(p_region_id, v_drafts) c;
  v_results := v_results || v_refusals || v_changed.refusals || array(
    select app.new_result(p_ordinal => d.ordinal, p_body => stock.level_document(p_region_id, d))
      from unnest(v_changed.accepted) d);
  perform identity.keep_answers(p_region_id => p_region_id, p_keys => v_keys, p_results => v_results);
  return query select * from unnest(v_results) r order by r.ordinal;
end
$$;

grant execute on function stock.run_changes(smallint, text, jsonb, text) to scoville_definer;
