-- The rule for a SKU that a channel has too few units of: that of the SKU, else that of the channel's other SKUs. No row: refuse.
create or replace function catalog.sale_rule(
  p_channel_id text,
  p_sku_id text
)
  returns catalog.sale_rules
  language sql
  stable
  set search_path = ''
as $$
  select r
    from catalog.sale_rules r
   where r.channel_id = p_channel_id and (r.sku_id = p_sku_id or r.sku_id is null)
   order by r.sku_id
   limit 1;
$$;

grant execute on function catalog.sale_rule(text, text) to scoville_definer, admin, warehouse, sales, integration;
