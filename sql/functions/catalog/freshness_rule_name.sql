-- A freshness rule in words, as orders, refusals and answers name it: it can be changed or removed later.
create or replace function catalog.freshness_rule_name(
  p_channel_id text,
  p_rule jsonb
)
  returns text
  language sql
  immutable
  parallel safe
  return concat_ws(', ', 'channel ' || p_channel_id, 'customer group ' || (p_rule ->> 'customer_group'),
      'category ' || (p_rule ->> 'category'), 'SKU ' || (p_rule ->> 'sku_id'))
    || ': ' || coalesce((p_rule ->> 'min_days') || ' days', (p_rule ->> 'min_percent') || ' percent')
    || case when p_rule ->> 'transit_days' = '0' then '' else format(' after %s days of transit', p_rule ->> 'transit_days') end;

grant execute on function catalog.freshness_rule_name(text, jsonb) to scoville_definer;
