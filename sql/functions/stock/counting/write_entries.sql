-- Writes the entries of a request (stock.read_entries, with the lots created) and decides which of them stand. Returns the refusal, or null.
-- Two counters who differ by more than the tolerance, each compared with his own mark, both keep their entries, and the line has to be
-- counted again: the first entry of the next round stands. Who counts a line again in the same round corrects himself. Of the entries of a
-- round the latest look stands, whichever arrived last: a device may have been offline.
-- Lock order: the caller has locked the levels, then the count.
create or replace function stock.write_entries(
  p_region_id smallint,
  p_count stock.counts,
  p_request jsonb,
  p_entries jsonb
)
  returns api.refusal
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  c_lines_max constant integer := 5000;
  v_counter text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_marked jsonb := (
    select jsonb_agg(m) from stock.mark_entries(p_region_id => p_region_id, p_warehouse_id => p_count.warehouse_id, p_entries => p_entries) m);
  v_refusal api.refusal;
begin
  v_refusal := (
    select app.refuse(p_code => f.code, p_pointer => e ->> 'pointer' || f.member, p_detail => f.detail)
      from jsonb_array_elements(v_marked) with ordinality e (e, nth)
      left join stock.count_lines l
        on l.region_id = p_region_id and l.count_id = p_count.count_id and l.lot_id = (e ->> 'lot_id')::bigint
     cross join lateral (values
       (l.status = 'approved', 'TA002', '', 'This line is approved. Plan another count to count it again.'),
       (not (e ->> 'confirmed')::boolean and (e ->> 'counted')::bigint > 10 * (e ->> 'on_hand')::bigint
          and (e ->> 'counted')::bigint > 1000 + (e ->> 'on_hand')::bigint, 'TA003', '/counted', format(
          '%s units of %s look like a typing error. If they lie there, send confirm true.', e ->> 'counted', e ->> 'sku_id')))
       f (is_fault, code, member, detail)
     where f.is_fault
     order by e.nth
     limit 1);
  if v_refusal.code is not null then
    return v_refusal;
  end if;
  insert into stock.count_lines (region_id, count_id, warehouse_id, sku_id, lot_id)
  select p_region_id, p_count.count_id, p_count.warehouse_id, m.sku_id, m.lot_id
    from jsonb_to_recordset(v_marked) m (sku_id text, lot_id bigint)
   order by m.sku_id, m.lot_id
  on conflict do nothing;
  if (select count(*) from stock.count_lines l where l.region_id = p_region_id and l.count_id = p_count.count_id) > c_lines_max then
    raise exception using errcode = 'TA006', message = 'refused',
      detail = app.refusal(format('A count has at most %s lines. Plan another one.', c_lines_max), '/entries')::text;
  end if;
  with made as (
    insert into stock.count_entries
      (region_id, count_id, warehouse_id, sku_id, lot_id, round, counter, counted, mark_movement_id, on_hand_at_mark, counted_at, recorded_at,
       note, request_id)
    select p_region_id, p_count.count_id, p_count.warehouse_id, m.sku_id, m.lot_id, l.round, v_counter, m.counted, m.mark_movement_id,
           m.on_hand, m.counted_at, app.now(), m.note, coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id())
      from jsonb_to_recordset(v_marked) m (sku_id text, lot_id bigint, counted bigint, mark_movement_id bigint, on_hand bigint,
             counted_at timestamptz, note text)
      join stock.count_lines l on l.region_id = p_region_id and l.count_id = p_count.count_id and l.lot_id = m.lot_id
    returning *
  ), judged as (
    select m.sku_id, m.lot_id, m.entry_id, exists (
             select from (
               select distinct on (o.counter) o.counted - o.on_hand_at_mark as difference
                 from stock.count_entries o
                where o.region_id = p_region_id and o.count_id = m.count_id and o.sku_id = m.sku_id and o.lot_id = m.lot_id
                  and o.round = m.round and o.counter <> m.counter
                order by o.counter, o.counted_at desc, o.entry_id desc) o
              where abs(o.difference - (m.counted - m.on_hand_at_mark)) > stock.count_tolerance(
                      p_tolerance_units => p_count.tolerance_units, p_tolerance_percent => p_count.tolerance_percent,
                      p_on_hand => m.on_hand_at_mark)) as is_disputed, coalesce((
             select o.entry_id
               from stock.count_entries o
              where o.region_id = p_region_id and o.count_id = m.count_id and o.sku_id = m.sku_id and o.lot_id = m.lot_id
                and o.round = m.round and o.counted_at > m.counted_at
              order by o.counted_at desc, o.entry_id desc
              limit 1), m.entry_id) as standing_id
      from made m
  )
  update stock.count_lines l
     set status = case when j.is_disputed then 'recount' else 'counted' end, round = l.round + j.is_disputed::integer,
         entry_id = case when not j.is_disputed then j.standing_id end
    from judged j
   where l.region_id = p_region_id and l.count_id = p_count.count_id and l.sku_id = j.sku_id and l.lot_id = j.lot_id;
  return null;
end
$$;

grant execute on function stock.write_entries(smallint, stock.counts, jsonb, jsonb) to scoville_definer;
