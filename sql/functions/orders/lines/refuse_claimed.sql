-- The refusal of items that say of a SKU that more units were shipped or canceled than the lines of the order (p_lines) know, or null.
-- Nobody read that in the order, and orders.kept_items would take canceled units off.
create or replace function orders.refuse_claimed(
  p_items jsonb,
  p_lines jsonb
)
  returns api.refusal
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select app.refuse_lines(p_code => 'VA001', p_detail => 'Items can be sent back as they were read. Read the order again.',
           p_errors => jsonb_agg(jsonb_build_object('pointer', '/items/' || c.item_no - 1 || '/' || c.member, 'sku_id', c.sku_id,
             'detail', format('%s of %s are %s, not %s. Send %s as it was read, or leave it out.', c.known, c.sku_id, c.member, c.claimed,
               c.member)) order by c.item_no, c.member))
    from (select n.*, coalesce((select sum((l.value ->> n.member)::bigint) from jsonb_array_elements(p_lines) l
                                where l.value ->> 'sku_id' = n.sku_id), 0) as known
            from (select m.member, i.value ->> 'sku_id' as sku_id, min(i.ordinality) as item_no,
                         sum((i.value ->> m.member)::bigint) as claimed
                    from jsonb_array_elements(p_items) with ordinality i
                   cross join (values ('fulfilled'), ('canceled')) m (member)
                   where (i.value ->> m.member)::bigint > 0
                   group by 1, 2) n) c
   where c.claimed > c.known
  having count(*) > 0;
$$;

grant execute on function orders.refuse_claimed(jsonb, jsonb) to scoville_definer;
