-- A channel with its warehouses, by priority, and its sale rules, in their order.
create or replace function catalog.channel_document(
  p_channel catalog.channels
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select json_build_object(
           'channel_id', p_channel.channel_id, 'name', p_channel.name, 'kind', p_channel.kind, 'pricing', p_channel.pricing,
           'hold_share_max', p_channel.hold_share_max, 'unpaid_minutes', p_channel.unpaid_minutes, 'region_id', p_channel.region_id, 'warehouses', (
             select coalesce(json_agg(w.warehouse_id order by w.priority, w.warehouse_id), '[]')
               from catalog.channel_warehouses w where w.channel_id = p_channel.channel_id),
           'sale_rules', (
             select coalesce(json_agg(catalog.sale_rule_document(r) order by r.rule_no), '[]')
               from catalog.sale_rules r where r.channel_id = p_channel.channel_id),
           'freshness_rules', p_channel.freshness_rules,
           'active', p_channel.active, 'version', p_channel.version,
           'created_at', app.rfc3339(p_channel.created_at), 'updated_at', app.rfc3339(p_channel.updated_at));
$$;

grant execute on function catalog.channel_document(catalog.channels) to scoville_definer, admin, warehouse, sales, integration;
