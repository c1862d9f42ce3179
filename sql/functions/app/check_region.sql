-- Refuses a region that is not the caller's. The policies would only hide its rows; a command should say so.
create or replace function app.check_region(
  p_region_id smallint
)
  returns void
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if not app.reaches_all_regions() and p_region_id is distinct from app.claim_region() then
    raise exception using errcode = 'insufficient_privilege', message = 'another region',
      detail = jsonb_build_object('detail', 'Only an admin may choose the region.')::text;
  end if;
end
$$;

grant execute on function app.check_region(smallint) to scoville_definer;
