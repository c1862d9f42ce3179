create or replace function api.get_withholding(
  p_region_id smallint,
  p_withholding_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_id bigint := stock.find_withholding(p_region_id, p_withholding_id);
begin
  return query
    select app.join_json(d.document, json_build_object('movements', coalesce(m.movements, '[]'))),
           (d.document ->> 'version')
      from stock.withholding_documents(p_region_id, array[v_id]) d
     cross join lateral (
       select json_agg(json_build_object('movement_id', m.movement_id, 'occurred_at', app.rfc3339(m.occurred_at), 'kind', m.kind,
                'quantity', abs(m.withheld_delta), 'reason_code', m.reason_code, 'note', m.note, 'document', m.document,
                'actor', m.actor) order by m.movement_id) as movements
         from stock.stock_movements m
        where m.region_id = p_region_id and m.withholding_id = v_id) m;
  if not found then
    raise exception using errcode = 'WD001', message = 'withholding not found',
      detail = json_build_object('detail', format(
        'Withholding %s does not exist, or is of a warehouse that is not yours.', p_withholding_id))::text;
  end if;
end
$$;

comment on function api.get_withholding(smallint, text) is
  'Units that were set aside at one time, with every movement that opened or reduced them.
Errors: WD001';
grant execute on function api.get_withholding(smallint, text) to admin, warehouse;
