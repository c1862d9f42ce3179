-- The refusal of a query about a channel that does not exist or is not the caller's, or null.
create or replace function catalog.refuse_channel(
  p_region_id smallint,
  p_channel_id text
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_detail text := format('Channel %s does not exist or is not yours.', p_channel_id);
begin
  if p_channel_id is not null and not exists (
    select from catalog.channels c
     where c.channel_id = p_channel_id and c.region_id = p_region_id
       and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels())))
  then
    return app.refuse_lines(p_code => 'OR008', p_detail => v_detail,
      p_errors => jsonb_build_array(jsonb_build_object('parameter', 'channel', 'detail', v_detail)));
  end if;
  return null;
end
$$;

grant execute on function catalog.refuse_channel(smallint, text) to admin, warehouse, sales, integration;
