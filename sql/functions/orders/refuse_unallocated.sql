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
    with short as materialized (
      select d.ordinal, d.reservation_id, d.channel_id, f.line_no, a.sku_id, a.quantity, a.available, a.freshness,
             (a.quantity - a.available)::bigint as missing
        from unnest(p_allocations) a
        join unnest(p_drafts) d on d.ordinal = a.ordinal
       cross join lateral (
         select min(l.line_no)::integer as line_no
           from unnest(d.sku_ids) with ordinality as l (sku_id, line_no)
          where case when d.bundles ? l.line_no::text
                     then d.bundles -> l.line_no::text @> jsonb_build_array(jsonb_build_object('sku_id', a.sku_id))
                     else l.sku_id = a.sku_id end) f
       where a.warehouse_id is null and a.waits is not true
    ), days as materialized (
      -- Asked once for equal shortages, and only of a SKU of which something is expected: what is sold out is refused by the thousand.
      select k.sku_id, k.channel_id, k.missing, m.promised_on
        from (select distinct s.sku_id, s.channel_id, s.missing from short s
               where exists (select from stock.stock_levels v
                              where v.region_id = p_region_id and v.sku_id = s.sku_id and v.incoming > 0)) k
       cross join lateral orders.promise_dates(p_region_id => p_region_id, p_sku_ids => array[k.sku_id], p_channel_id => k.channel_id,
               p_units => k.missing) m
       where m.order_id is null
    )
    select app.result_of(r.ordinal, case when r.is_gone
             then coalesce(
               stock.refuse_inactive(p_region_id => p_region_id, p_reservation_id => r.reservation_id,
                 p_pointer => '/reservation_id'),
               app.refuse(p_code => 'RV002', p_pointer => '/reservation_id',
                 p_detail => 'An earlier order in the same request takes this reservation.'))
             else app.refuse_lines(p_code => 'ST001', p_errors => r.errors,
               p_detail => 'Not enough stock. Order at most what is available, or try again later.') end)
      from (select s.ordinal, bool_or(s.sku_id is null) as is_gone, min(s.reservation_id) as reservation_id,
                   jsonb_agg(stock.short_line(p_line_no => s.line_no, p_sku_id => s.sku_id, p_requested => s.quantity,
                     p_available => s.available, p_freshness => s.freshness, p_next_on => y.promised_on) order by s.line_no) as errors
              from short s
              left join days y on y.sku_id = s.sku_id and y.channel_id = s.channel_id and y.missing = s.missing
             group by s.ordinal) r);
end
$$;

grant execute on function orders.refuse_unallocated(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
