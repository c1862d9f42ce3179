create or replace function api.get_return(
  p_region_id smallint,
  p_return_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_id bigint := orders.find_return(p_region_id, p_return_id);
begin
  if v_id is null then
    raise exception using errcode = 'RT001', message = 'return not found',
      detail = json_build_object('detail', format('Return %s does not exist or is not yours.', p_return_id))::text;
  end if;
  return query select d.document, d.document ->> 'version' from orders.return_documents(p_region_id, array[v_id]) d;
end
$$;

comment on function api.get_return(smallint, text) is
  'A return with the units that came and what became of them; its version is the ETag.
Errors: RT001';
grant execute on function api.get_return(smallint, text) to admin, warehouse, sales, integration;
