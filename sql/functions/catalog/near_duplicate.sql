-- The existing code that differs from a new one only by case, or null. People and scanners take the two for one, so the second is
-- refused. Codes are ASCII by a CHECK, and reason codes have no capitals.
create or replace function catalog.near_duplicate(
  p_noun text,
  p_id text
)
  returns text
  language sql
  stable
  set search_path = ''
as $$
  select case p_noun
    when 'skus' then (
      select k.sku_id from catalog.skus k where lower(k.sku_id collate "C") = lower(p_id collate "C"))
    when 'warehouses' then (
      select w.warehouse_id from catalog.warehouses w where lower(w.warehouse_id collate "C") = lower(p_id collate "C"))
    when 'suppliers' then (
      select s.supplier_id from supply.suppliers s where lower(s.supplier_id collate "C") = lower(p_id collate "C"))
    when 'channels' then (
      select c.channel_id from catalog.channels c where lower(c.channel_id collate "C") = lower(p_id collate "C"))
  end;
$$;

grant execute on function catalog.near_duplicate(text, text) to scoville_definer;
