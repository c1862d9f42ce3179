create or replace function api.get_purchase(
  p_region_id smallint,
  p_purchase_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select d.document, d.document ->> 'version'
      from supply.purchase_details(p_region_id, array[supply.find_purchase(p_region_id, p_purchase_id)]) d;
  if not found then
    raise exception using errcode = 'SU001', message = 'purchase not found',
      detail = json_build_object('detail', format(
        'Purchase %s does not exist, or is for a warehouse that is not yours.', p_purchase_id))::text;
  end if;
end
$$;

comment on function api.get_purchase(smallint, text) is
  'A purchase with its lines and deliveries.
Errors: SU001';
grant execute on function api.get_purchase(smallint, text) to admin, warehouse;
