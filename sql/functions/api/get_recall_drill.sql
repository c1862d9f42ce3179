create or replace function api.get_recall_drill(
  p_region_id smallint,
  p_drill_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select stock.drill_document(d), '1'
      from stock.recall_drills d
     where d.region_id = p_region_id
       and d.drill_id = case when p_drill_id ~ ('^DRL-' || p_region_id || '-[0-9]{1,18}$') then split_part(p_drill_id, '-', 3)::bigint end;
  if not found then
    raise exception using errcode = 'RC004', message = 'drill not found',
      detail = json_build_object('detail', format('Drill %s does not exist.', p_drill_id))::text;
  end if;
end
$$;

comment on function api.get_recall_drill(smallint, text) is
  'The evidence of a drill; it never changes.
Errors: RC004';
grant execute on function api.get_recall_drill(smallint, text) to admin;
