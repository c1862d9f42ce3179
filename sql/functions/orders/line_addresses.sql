-- Where the units of lines (of a document, of orders.current_lines or of the audit) go, per SKU: the addresses of its lines that have units,
-- in their order; a dash is the customer's. null: all go to the customer, or an erasure took the addresses.
create or replace function orders.line_addresses(
  p_lines jsonb
)
  returns table (sku_id text, addresses text, is_told boolean)
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select g.sku_id, case when count(g.address) > 0 then string_agg(coalesce(g.address, '-'), '; ' order by g.nth) end, bool_or(g.is_told)
    from (select l.value ->> 'sku_id' as sku_id, l.value ->> 'address' as address, min(l.ordinality) as nth, bool_or(l.value ? 'address') as is_told
            from jsonb_array_elements(coalesce(p_lines, '[]')) with ordinality l
           where (l.value ->> 'quantity')::bigint > coalesce((l.value ->> 'canceled')::bigint, 0)
           group by 1, 2) g
   group by g.sku_id
   order by g.sku_id collate "C";
$$;

grant execute on function orders.line_addresses(jsonb) to scoville_definer;
