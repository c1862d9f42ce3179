-- The refusals of reservations that did not get their units, with each short line.
create or replace function stock.refuse_short_reservations(
  p_drafts stock.reservation_draft[],
  p_allocations stock.allocation[]
)
  returns api.result[]
  language sql
  stable
  set search_path = ''
as $$
  select coalesce(array_agg(app.result_of(s.ordinal, app.refuse_lines(p_code => 'ST001', p_errors => s.errors,
           p_detail => 'Not enough stock. Reserve at most what is available, or try again later.'))), '{}')
    from (select d.ordinal, jsonb_agg(stock.short_line(p_line_no => l.line_no, p_sku_id => a.sku_id, p_requested => a.quantity,
                   p_available => a.available) order by l.line_no) as errors
            from unnest(p_allocations) a
            join unnest(p_drafts) d on d.ordinal = a.ordinal
           cross join lateral jsonb_to_recordset(d.lines) as l (sku_id text, line_no integer)
           where a.warehouse_id is null and l.sku_id = a.sku_id
           group by d.ordinal) s;
$$;

grant execute on function stock.refuse_short_reservations(stock.reservation_draft[], stock.allocation[]) to scoville_definer;
