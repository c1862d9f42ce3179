-- The refusals of drafts that did not get their units: each short SKU, at its first line or the first bundle that needs it, or the
-- reservation that no longer holds units.
create or replace function orders.refuse_unallocated(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns api.result[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_is_short boolean := false;
begin
  for i in 1 .. cardinality(p_allocations) loop
    v_is_short := v_is_short or p_allocations[i].warehouse_id is null and p_allocations[i].waits is not true;
  end loop;
  if not v_is_short then
    return '{}';
  end if;
  return array(
    select app.result_of(s.ordinal, case when s.is_gone
             then coalesce(
               stock.refuse_inactive(p_region_id => p_region_id, p_reservation_id => s.reservation_id,
                 p_pointer => '/reservation_id'),
               app.refuse(p_code => 'RV002', p_pointer => '/reservation_id',
                 p_detail => 'An earlier order in the same request takes this reservation.'))
             else app.refuse_lines(p_code => 'ST001', p_errors => s.errors,
               p_detail => 'Not enough stock. Order at most what is available, or try again later.') end)
      from (select d.ordinal, bool_or(a.sku_id is null) as is_gone, min(d.reservation_id) as reservation_id,
                   jsonb_agg(stock.short_line(p_line_no => f.line_no, p_sku_id => a.sku_id, p_requested => a.quantity,
                     p_available => a.available, p_freshness => a.freshness, p_next_on => case when a.sku_id is not null then (
                       select m.promised_on
                         from orders.promise_dates(p_region_id => p_region_id, p_sku_ids => array[a.sku_id], p_channel_id => d.channel_id,
                                p_units => (a.quantity - a.available)::bigint) m
                        where m.order_id is null) end) order by f.line_no) as errors
              from unnest(p_allocations) a
              join unnest(p_drafts) d on d.ordinal = a.ordinal
             cross join lateral (
               select min(l.line_no)::integer as line_no
                 from unnest(d.sku_ids) with ordinality as l (sku_id, line_no)
                where case when d.bundles ? l.line_no::text
                           then d.bundles -> l.line_no::text @> jsonb_build_array(jsonb_build_object('sku_id', a.sku_id))
                           else l.sku_id = a.sku_id end) f
             where a.warehouse_id is null and a.waits is not true
             group by d.ordinal) s);
end
$$;

grant execute on function orders.refuse_unallocated(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
