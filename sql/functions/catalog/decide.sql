-- Decides a write of the catalog against the existing document (p_old, or null): returns the new document or the refusal.
-- p_defaults: the members that a new row has unless the write sets them.
create or replace function catalog.decide(
  p_write catalog.write,
  p_noun text,
  p_old jsonb,
  p_defaults jsonb,
  out document jsonb,
  out refusal api.refusal
)
  language sql
  stable
  set search_path = ''
as $$
  select d.document, coalesce(
           catalog.refuse_write(p_write => p_write, p_noun => p_noun, p_old => p_old),
           case when p_old is null and n.other is not null
                then catalog.refuse_near_code(p_pointer => '/' || k.key, p_id => p_write.id, p_other => n.other) end,
           case when d.document ->> 'time_zone' is distinct from p_old ->> 'time_zone'
                then catalog.refuse_zone(d.document ->> 'time_zone') end,
           case when d.document ? 'region_id' then catalog.refuse_region(p_old, d.document) end,
           case when d.document ? 'warehouses' then catalog.refuse_warehouses(d.document) end)
    from (select catalog.apply_write(p_write => p_write, p_old => p_old, p_defaults => p_defaults) as document offset 0) d
   cross join lateral (select catalog.near_duplicate(p_noun, p_write.id) as other offset 0) n
   cross join lateral (
     select case p_noun when 'skus' then 'sku_id' when 'warehouses' then 'warehouse_id' when 'suppliers' then 'supplier_id' else 'channel_id' end as key) k;
$$;

grant execute on function catalog.decide(catalog.write, text, jsonb, jsonb) to scoville_definer;
