-- The refusal of the region that a write names, or null. A row of the catalog never leaves its first region.
create or replace function catalog.refuse_region(
  p_old jsonb,
  p_new jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_new -> 'region_id' <> p_old -> 'region_id' then app.refuse(p_code => 'VA001', p_pointer => '/region_id',
      p_detail => format('It belongs to region %s and cannot move. Leave region_id out.', p_old ->> 'region_id'))
    when not exists (select from catalog.regions r where r.region_id = (p_new ->> 'region_id')::integer)
      then app.refuse(p_code => 'VA001', p_pointer => '/region_id',
        p_detail => format('Region %s does not exist.', p_new ->> 'region_id'))
  end;
$$;

grant execute on function catalog.refuse_region(jsonb, jsonb) to scoville_definer;
