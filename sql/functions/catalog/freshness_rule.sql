-- The freshness rule for a SKU that a customer of this group orders through a channel, or null. The most specific one wins: a rule for the group
-- before one for everybody; then one for the SKU, for its category (attributes.category of the SKU), for every SKU.
create or replace function catalog.freshness_rule(
  p_channel_id text,
  p_customer_group text,
  p_sku_id text
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select r.value
    from catalog.channels c
    left join catalog.skus s on s.sku_id = p_sku_id
   cross join lateral jsonb_array_elements(c.freshness_rules) r
   where c.channel_id = p_channel_id
     and coalesce(r.value ->> 'customer_group' = p_customer_group, r.value ->> 'customer_group' is null)
     and coalesce(r.value ->> 'sku_id' = p_sku_id, true)
     and coalesce(r.value ->> 'category' = s.attributes ->> 'category', r.value ->> 'category' is null)
   order by r.value ->> 'customer_group' is null, r.value ->> 'sku_id' is null, r.value ->> 'category' is null
   limit 1;
$$;

grant execute on function catalog.freshness_rule(text, text, text) to scoville_definer;
