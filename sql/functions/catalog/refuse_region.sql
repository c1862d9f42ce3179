-- Why something of the catalogue cannot be in the region that a write names, or null: {"code", "body"}.
create or replace function catalog.refuse_region(
  p_old jsonb,
  p_new jsonb
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_new -> 'region_id' <> p_old -> 'region_id' then jsonb_build_object('code', 'VA001', 'body', app.refusal(
      format('It is in region %s, and stays there. Leave region_id out.', p_old ->> 'region_id'), '/region_id'))
    when not exists (select from catalog.regions r where r.region_id = (p_new ->> 'region_id')::integer)
      then jsonb_build_object('code', 'VA001', 'body', app.refusal(
        format('There is no region %s.', p_new ->> 'region_id'), '/region_id'))
  end;
$$;

grant execute on function catalog.refuse_region(jsonb, jsonb) to scoville_definer;
