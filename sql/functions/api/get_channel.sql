create or replace function api.get_channel(
  p_channel_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query select catalog.channel_document(t), t.version::text from catalog.channels t where t.channel_id = p_channel_id;
  if not found then
    perform app.raise_refusal(catalog.missing('channels', p_channel_id));
  end if;
end
$$;

comment on function api.get_channel(text) is 'A sales channel with its warehouses; its version is the ETag.
Errors: SK001';
grant execute on function api.get_channel(text) to admin, warehouse, sales, integration;
