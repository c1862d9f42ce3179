-- The refusal of the first of these items of a purchase that is wrong, or null. A line cannot become less than what came of it.
create or replace function supply.refuse_items(
  p_purchase supply.purchases,
  p_items jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select v.refusal
    from (select e.ordinality, '/items/' || e.ordinality - 1 as pointer, e.value ->> 'sku_id' as sku_id,
                 (e.value ->> 'quantity')::numeric as quantity,
                 count(*) over (partition by e.value ->> 'sku_id' order by e.ordinality) as nth
            from jsonb_array_elements(coalesce(p_items, '[]')) with ordinality e) i
    left join catalog.skus k on k.sku_id = i.sku_id
    left join lateral (
      select n.* from supply.purchase_lines n
       where n.region_id = p_purchase.region_id and n.purchase_id = p_purchase.purchase_id and n.sku_id = i.sku_id
       limit 1) l on true
   cross join lateral (select case
     when k.sku_id is null then app.refuse(p_code => 'ST002', p_pointer => i.pointer || '/sku_id', p_detail => format(
       'SKU %s does not exist.%s', i.sku_id, catalog.suggest_sku(i.sku_id, jsonb_array_length(p_items))))
     when k.components <> '[]' then app.refuse(p_code => 'KT003', p_pointer => i.pointer || '/sku_id', p_detail => format(
       'SKU %s is a bundle and has no stock of its own. Name its components.', i.sku_id), p_facts => jsonb_build_object('components', k.components))
     when i.nth > 1 then app.refuse(p_code => 'VA001', p_pointer => i.pointer || '/sku_id', p_detail => format(
       'SKU %s stands twice. A purchase has one line of a SKU; what comes on another day is another purchase.', i.sku_id))
     when i.quantity is null and l.sku_id is null
       then app.refuse(p_code => 'VA001', p_pointer => i.pointer || '/quantity', p_detail => 'Say how many units: quantity is missing.')
     when i.quantity <> trunc(i.quantity) or i.quantity > 1000000000 or i.quantity < case when l.sku_id is null then 1 else 0 end
       then app.refuse(p_code => 'VA001', p_pointer => i.pointer || '/quantity', p_detail => 'quantity must be a whole number, at most 1,000,000,000.')
     when i.quantity < l.received + l.damaged + l.refused + l.canceled - l.over
       then app.refuse(p_code => 'SU004', p_pointer => i.pointer || '/quantity', p_detail => format(
         '%s units of %s came already, so the line cannot be lowered to %s.', l.received + l.damaged + l.refused - l.over, i.sku_id, i.quantity),
         p_facts => jsonb_build_object('came', l.received + l.damaged + l.refused - l.over))
     end offset 0) v (refusal)
   where (v.refusal).code is not null
   order by i.ordinality
   limit 1;
$$;

grant execute on function supply.refuse_items(supply.purchases, jsonb) to scoville_definer;
