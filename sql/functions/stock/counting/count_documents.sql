-- Counts as documents, as the caller may see them.
create or replace function stock.count_documents(
  p_region_id smallint,
  p_count_ids bigint[]
)
  returns table (count_id bigint, document json)
  language sql
  stable
  set search_path = ''
as $$
  select c.count_id, json_build_object(
           'count_id', stock.count_public_id(p_region_id, c.count_id), 'warehouse_location', c.warehouse_id, 'scope', c.scope,
           'status', c.status, 'blind', c.blind, 'tolerance_units', c.tolerance_units, 'tolerance_percent', c.tolerance_percent,
           'note', c.note, 'lines', n.lines, 'lines_counted', n.counted, 'lines_to_recount', n.disputed, 'lines_approved', n.approved,
           'version', c.version, 'created_at', app.rfc3339(c.created_at), 'updated_at', app.rfc3339(c.updated_at))
    from stock.counts c
   cross join lateral (
     select count(*) as lines, count(*) filter (where l.status in ('counted', 'approved')) as counted,
            count(*) filter (where l.status = 'recount') as disputed, count(*) filter (where l.status = 'approved') as approved
       from stock.count_lines l where l.region_id = p_region_id and l.count_id = c.count_id) n
   where c.region_id = p_region_id and c.count_id = any (p_count_ids);
$$;

grant execute on function stock.count_documents(smallint, bigint[]) to scoville_definer, admin, warehouse;
