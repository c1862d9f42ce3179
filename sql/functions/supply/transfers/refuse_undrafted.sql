-- The refusal of a shipment of more units of a SKU than were drafted, or null: who packs does not decide what is sent.
create or replace function supply.refuse_undrafted(
  p_lines supply.part[],
  p_parts supply.part[]
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select app.refuse(p_code => 'TR003', p_pointer => '/items/' || p.item - 1 || '/quantity', p_facts => jsonb_build_object('available', l.units),
           p_detail => format('The transfer is of %s units of %s%s, not %s. Change its items first.', l.units, p.sku_id,
             case when p.withheld then ' that cannot be sold' else '' end, p.units))
    from (select u.sku_id, coalesce(u.withheld, false) as withheld, sum(u.units) as units, min(u.item) as item
            from unnest(p_parts) u group by 1, 2) p
   cross join lateral (
     select coalesce(sum(n.units), 0) as units from unnest(p_lines) n where n.sku_id = p.sku_id and n.withheld = p.withheld) l
   where p.units > l.units
   order by p.item
   limit 1;
$$;

grant execute on function supply.refuse_undrafted(supply.part[], supply.part[]) to scoville_definer;
