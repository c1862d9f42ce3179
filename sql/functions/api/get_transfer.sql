create or replace function api.get_transfer(
  p_region_id smallint,
  p_transfer_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select d.document, d.document ->> 'version'
      from supply.transfer_details(p_region_id, array[supply.find_transfer(p_region_id, p_transfer_id)]) d;
  if not found then
    perform app.raise_refusal(supply.refuse_missing_transfer(p_transfer_id));
  end if;
end
$$;

comment on function api.get_transfer(smallint, text) is
  'A transfer by its ID: what is to be sent, the lots that left, and what became of each unit. Its version is the ETag.
Errors: TR001';
grant execute on function api.get_transfer(smallint, text) to admin, warehouse;
