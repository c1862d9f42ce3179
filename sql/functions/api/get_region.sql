create or replace function api.get_region(
  p_region text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select catalog.region_document(t), t.version::text from catalog.regions t where t.region_id::text = p_region;
  if not found then
    perform app.raise_refusal(catalog.missing('regions', p_region));
  end if;
end
$$;

comment on function api.get_region(text) is 'A region; its version is the ETag.
Errors: SK001';
grant execute on function api.get_region(text) to admin, warehouse, sales, integration;
