create or replace function api.get_reservation(
  p_region_id smallint,
  p_reservation_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select d.document, d.etag
      from stock.reservation_documents(p_region_id, array[stock.find_reservation(p_region_id, p_reservation_id)]) d;
  if not found then
    raise exception using errcode = 'RV001', message = 'reservation not found',
      detail = json_build_object('detail', format(
        'Reservation %s does not exist or is not yours.', p_reservation_id))::text;
  end if;
end
$$;

comment on function api.get_reservation(smallint, text) is
  'A reservation by its ID; its version is the ETag, which also changes at the moment of expiry.
Errors: RV001';
grant execute on function api.get_reservation(smallint, text) to admin, sales, integration;
