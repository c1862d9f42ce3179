-- The event of a SKU that became low, out_of_stock or available again in a scope: the whole region, a channel or a warehouse. It
-- names no caller and, for a channel, no warehouse: an integration may not see those of other channels.
create or replace function events.announcement(
  p_region_id smallint,
  p_sku_id text,
  p_scope text,
  p_scope_id text,
  p_warehouse_ids text[],
  p_version bigint,
  p_available bigint,
  p_reorder_point integer,
  p_old_state text,
  p_new_state text,
  p_occurred_at timestamptz
)
  returns events.outbox
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_type text := case when p_new_state = 'out_of_stock' then 'stock.out' when p_old_state = 'out_of_stock' then 'stock.back_in'
                      else 'stock.low' end;
  v_subject text := 'stock/' || p_sku_id;
  v_named jsonb := '{}';
begin
  if p_scope <> 'region' then
    v_type := p_scope || '.' || v_type;
    v_subject := p_scope || 's/' || p_scope_id || '/' || v_subject;
    v_named := jsonb_build_object(case p_scope when 'channel' then 'channel' else 'warehouse_location' end, p_scope_id);
  end if;
  return events.new_event(p_region_id => p_region_id, p_type => v_type, p_audience => events.audience_of(v_type),
    p_subject => v_subject, p_sku_id => p_sku_id,
    p_warehouse_ids => case p_scope when 'region' then p_warehouse_ids when 'warehouse' then array[p_scope_id] else '{}' end,
    p_channel_id => case when p_scope = 'channel' then p_scope_id end, p_version => p_version,
    p_data => jsonb_build_object('sku_id', p_sku_id, 'version', p_version, 'available', p_available,
      'reorder_point', p_reorder_point, 'old', jsonb_build_object('state', p_old_state),
      'new', jsonb_build_object('state', p_new_state)) || v_named,
    p_actor => 'system', p_occurred_at => p_occurred_at);
end
$$;

grant execute on function events.announcement(smallint, text, text, text, text[], bigint, bigint, integer, text, text, timestamptz)
  to scoville_definer;
