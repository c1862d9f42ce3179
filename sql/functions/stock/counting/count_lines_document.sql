-- The lines of a count with their entries, as the caller may see them. In a blind count staff see what is expected, and what others counted,
-- only of counted lines: who counted the line himself in this round, and everybody once the whole count is in review. Each sees his own
-- entries. Of lines that are not counted, expected is what lies there now.
create or replace function stock.count_lines_document(
  p_region_id smallint,
  p_count_id bigint
)
  returns json
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(json_agg((jsonb_build_object('sku_id', l.sku_id, 'batch_number', t.batch_number, 'expiration_date', t.expiration_date,
           'status', l.status, 'recounts', l.round - 1, 'posted', l.posted, 'entries', coalesce(e.entries, '[]'))
         || case when s.is_seen then jsonb_build_object('expected', coalesce(g.on_hand_at_mark, v.on_hand, 0)) else '{}' end
         || case when s.is_seen and g.entry_id is not null
                 then jsonb_build_object('counted', g.counted, 'difference', g.counted - g.on_hand_at_mark) else '{}' end)::json
           order by l.sku_id, t.expiration_date, l.lot_id), '[]')
    from stock.counts c
    join stock.count_lines l on l.region_id = p_region_id and l.count_id = c.count_id
    join stock.lots t on t.region_id = p_region_id and t.lot_id = l.lot_id
    left join stock.lot_levels v
      on v.region_id = p_region_id and v.warehouse_id = c.warehouse_id and v.sku_id = l.sku_id and v.lot_id = l.lot_id
    left join stock.count_entries g on g.region_id = p_region_id and g.entry_id = l.entry_id
   cross join lateral (
     select not c.blind or app.claim_role() = 'admin' or l.entry_id is not null and (
              c.status in ('review', 'approved', 'canceled') or exists (
                select from stock.count_entries o
                 where o.region_id = p_region_id and o.count_id = l.count_id and o.sku_id = l.sku_id and o.lot_id = l.lot_id
                   and o.round = l.round and o.counter = app.claim_subject())) as is_seen) s
   cross join lateral (
     select jsonb_agg(jsonb_build_object('counter', o.counter, 'counted', o.counted, 'round', o.round,
              'counted_at', app.rfc3339(o.counted_at), 'recorded_at', app.rfc3339(o.recorded_at), 'note', o.note)
              || case when s.is_seen then jsonb_build_object('expected', o.on_hand_at_mark) else '{}' end order by o.entry_id) as entries
       from stock.count_entries o
      where o.region_id = p_region_id and o.count_id = l.count_id and o.sku_id = l.sku_id and o.lot_id = l.lot_id
        and (s.is_seen or o.counter = app.claim_subject())) e
   where c.region_id = p_region_id and c.count_id = p_count_id;
$$;

grant execute on function stock.count_lines_document(smallint, bigint) to admin, warehouse;
