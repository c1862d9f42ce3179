create or replace function api.get_webhook(
  p_region_id smallint,
  p_webhook_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select d.document::json, d.document ->> 'version'
      from webhooks.documents(p_region_id, array[webhooks.find_endpoint(p_region_id, p_webhook_id)]) d;
  if not found then
    perform app.raise_refusal(webhooks.missing(p_webhook_id));
  end if;
end
$$;

comment on function api.get_webhook(smallint, text) is 'A webhook by its ID, without its secret; its version is the ETag.
Errors: WH001';
grant execute on function api.get_webhook(smallint, text) to admin, integration;
