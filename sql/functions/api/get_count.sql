create or replace function api.get_count(
  p_region_id smallint,
  p_count_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_id bigint := stock.find_count(p_region_id, p_count_id);
begin
  return query
    select app.join_json(d.document, json_build_object('details', stock.count_lines_document(p_region_id, v_id))),
           (d.document ->> 'version')
      from stock.count_documents(p_region_id, array[v_id]) d;
  if not found then
    raise exception using errcode = 'TA001', message = 'count not found',
      detail = json_build_object('detail', format('Count %s does not exist, or is of a warehouse that is not yours.', p_count_id))::text;
  end if;
end
$$;

comment on function api.get_count(smallint, text) is
  'A count with its lines and entries. In a blind count, staff see what is expected of a line only after they have counted it.
Errors: TA001';
grant execute on function api.get_count(smallint, text) to admin, warehouse;
