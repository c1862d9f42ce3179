-- The warehouses whose stock the caller sees: staff those of their claim, callers who are bound to channels those from which their
-- channels sell. Null: every warehouse. Not a policy, because a policy looks nothing up: every function that shows stock asks this one.
create or replace function catalog.own_warehouses(
  p_region_id smallint
)
  returns text[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if app.claim_role() = 'warehouse' then
    return app.claim_warehouses();
  elsif app.claim_role() in ('sales', 'integration') then
    return array(
      select distinct s.warehouse_id
        from catalog.serving_warehouses() s
       where s.region_id = p_region_id and s.sells and s.channel_id = any (app.claim_channels()));
  end if;
  return null;
end
$$;

grant execute on function catalog.own_warehouses(smallint) to scoville_definer, admin, warehouse, sales, integration;
