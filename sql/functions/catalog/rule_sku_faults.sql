-- What is wrong with the SKU that a rule of a channel is about; no row: nothing, or the rule is about no single SKU.
create or replace function catalog.rule_sku_faults(
  p_sku_id text
)
  returns table (is_unknown boolean, detail text)
  language sql
  stable
  set search_path = ''
as $$
  select true, format('There is no active SKU %s.%s', p_sku_id, catalog.suggest_sku(p_sku_id))
   where p_sku_id is not null and not exists (select from catalog.skus s where s.sku_id = p_sku_id and s.active)
   union all
  select false, format('%s is a bundle, and its components are what is sold: name these.', p_sku_id)
    from catalog.skus s
   where s.sku_id = p_sku_id and s.components <> '[]';
$$;

grant execute on function catalog.rule_sku_faults(text) to scoville_definer;
