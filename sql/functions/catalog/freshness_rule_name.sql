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
    || ': ' || coalesce((p_rule ->> 'min_days') || case p_rule ->> 'min_days' when '1' then ' day' else ' days' end, (p_rule ->> 'min_percent') || ' percent')
    || case p_rule ->> 'transit_days' when '0' then '' when '1' then ' after a day of transit'
         else format(' after %s days of transit', p_rule ->> 'transit_days') end;

grant execute on function catalog.freshness_rule_name(text, jsonb) to scoville_definer;
