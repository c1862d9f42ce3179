-- The refusal of a complete description of a client, or null. Role and scope must fit each other, the scope must exist, and it
-- must fit into a token. The audit names parts of Scoville like clients, so no client may have such a name.
create or replace function identity.refuse_client(
  p_client jsonb
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_role text := p_client ->> 'role';
  v_region smallint := (p_client ->> 'region_id')::smallint;
  v_warehouses text[] := app.text_array(p_client -> 'warehouses');
  v_channels text[] := app.text_array(p_client -> 'channels');
  v_reserved constant text[] := '{api,demo,doctor,figures,live,psql,restore,sequencer,status,system,verify,warming,webhooks,worker}';
  v_characters_max constant integer := 4000; -- of a scope: the API takes tokens of up to 8,192 characters
  v_fault record;
  v_errors jsonb;
begin
  select f.code, f.pointer, f.detail into v_fault
    from (values
      ('VA001', '/client_id', format('%s is the name of a part of Scoville. Choose another client_id.', p_client ->> 'client_id'),
       lower(p_client ->> 'client_id') = any (v_reserved)),
      ('VA001', '/region_id', format('Region %s does not exist.', v_region),
       not exists (select from catalog.regions r where r.region_id = v_region)),
      ('ID006', '/warehouses', 'A client of role warehouse works in at least one warehouse. Name them.',
       v_role = 'warehouse' and v_warehouses = '{}'),
      ('ID006', '/warehouses', format('A client of role %s is not bound to warehouses. Send [].', v_role),
       v_role <> 'warehouse' and v_warehouses <> '{}'),
      ('ID006', '/channels', format('A client of role %s works for at least one sales channel. Name them.', v_role),
       v_role in ('sales', 'integration') and v_channels = '{}'),
      ('ID006', '/channels', format('A client of role %s is not bound to sales channels. Send [].', v_role),
       v_role not in ('sales', 'integration') and v_channels <> '{}'),
      ('ID006', '', 'The scope is too large for a token. Name fewer warehouses or channels, or make several clients.',
       length(v_warehouses::text || v_channels::text) > v_characters_max)
    ) as f (code, pointer, detail, found)
   where f.found
   limit 1;
  if found then
    return app.refuse(p_code => v_fault.code, p_detail => v_fault.detail, p_pointer => v_fault.pointer);
  end if;
  select jsonb_agg(jsonb_build_object('pointer', '/' || s.list || '/' || s.nth - 1,
           'detail', format('%s %s does not exist in region %s.%s', s.noun, s.id, v_region,
             case when s.list = 'warehouses' and s.nth <= 3 then catalog.suggest_warehouse(v_region, s.id) end)) order by s.nth)
    into v_errors
    from (select 'warehouses' as list, 'Warehouse' as noun, w.id, w.nth
            from unnest(v_warehouses) with ordinality as w (id, nth)
           where not exists (select from catalog.warehouses h where h.warehouse_id = w.id and h.region_id = v_region)
          union all
          select 'channels', 'Sales channel', c.id, c.nth
            from unnest(v_channels) with ordinality as c (id, nth)
           where not exists (select from catalog.channels h where h.channel_id = c.id and h.region_id = v_region)) s;
  if v_errors is null then
    return null;
  end if;
  return app.refuse_lines(p_code => case when v_role = 'warehouse' then 'ST003' else 'OR008' end, p_errors => v_errors,
    p_detail => format('A client can be bound only to what exists in its region (%s). See errors for what does not.', v_region));
end
$$;

grant execute on function identity.refuse_client(jsonb) to scoville_definer;
