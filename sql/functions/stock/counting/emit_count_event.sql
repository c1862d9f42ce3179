-- Writes an event about a count. It never says what is expected or what was counted: counters read it, too. What an approval changed, the
-- events of its levels say (documents names the count).
-- The caller has created or locked the count.
create or replace function stock.emit_count_event(
  p_region_id smallint,
  p_count_id bigint,
  p_type text,
  p_old text,
  p_facts jsonb default '{}'
)
  returns void
  language sql
  volatile
  set search_path = ''
as $$
  select events.emit(p_region_id => p_region_id, p_type => p_type,
           p_subject => 'counts/' || stock.count_public_id(p_region_id, p_count_id), p_channel_id => null,
           p_warehouse_ids => array[c.warehouse_id], p_version => c.version,
           p_data => jsonb_build_object('count_id', stock.count_public_id(p_region_id, p_count_id), 'warehouse_location', c.warehouse_id,
             'scope', c.scope, 'status', c.status, 'blind', c.blind, 'lines', n.lines, 'lines_counted', n.counted, 'version', c.version,
             'old', jsonb_build_object('status', p_old)) || p_facts,
           p_actor => c.changed_by, p_request_id => c.request_id)
    from stock.counts c
   cross join lateral (
     select count(*) as lines, count(*) filter (where l.status in ('counted', 'approved')) as counted
       from stock.count_lines l where l.region_id = p_region_id and l.count_id = c.count_id) n
   where c.region_id = p_region_id and c.count_id = p_count_id;
$$;

grant execute on function stock.emit_count_event(smallint, bigint, text, text, jsonb) to scoville_definer;
