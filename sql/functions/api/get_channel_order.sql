create or replace function api.get_channel_order(
  p_region_id smallint,
  p_channel_id text,
  p_external_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_order_id bigint := (
    select o.order_id
      from orders.orders o
     where o.region_id = p_region_id and o.external_id = normalize(p_external_id, nfc) and o.channel_id = p_channel_id);
begin
  if v_order_id is null then
    perform app.raise_refusal(app.refuse_lines('OR002', format('Order %s of channel %s does not exist or is not yours.',
      p_external_id, p_channel_id)));
  end if;
  return query select r.body, r.etag from orders.read_order(p_region_id, v_order_id) r;
end
$$;

comment on function api.get_channel_order(smallint, text, text) is
  'An order by its channel and the external_id that this gave it: several channels may use one number. Its version is the ETag.
Errors: OR002';
grant execute on function api.get_channel_order(smallint, text, text) to admin, warehouse, sales, integration;
