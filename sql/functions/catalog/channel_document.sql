-- A channel with its warehouses in order of priority, or null.
create or replace function catalog.channel_document(
  p_channel_id text
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select pg_catalog.jsonb_build_object('channel_id', c.channel_id, 'name', c.name, 'kind', c.kind, 'pricing', c.pricing,
           'region_id', c.region_id, 'active', c.active, 'version', c.version, 'warehouses', (
             select coalesce(pg_catalog.jsonb_agg(w.warehouse_id order by w.priority, w.warehouse_id), '[]')
               from catalog.channel_warehouses w where w.channel_id = c.channel_id))
    from catalog.channels c
   where c.channel_id = p_channel_id;
$$;

grant execute on function catalog.channel_document(text) to scoville_definer, admin, warehouse, sales, integration;
