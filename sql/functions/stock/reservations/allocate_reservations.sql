-- Decides which reservations get their units, all or nothing for each, and answers them with an id, or refused with every
-- short line. The allocations come along.
-- Lock order: stock_levels in key order (stock.allocate, or lock_candidates before it where a channel caps what one may hold).
create or replace function stock.allocate_reservations(
  p_region_id smallint,
  inout p_holds stock.reservation_draft[],
  out p_allocations jsonb
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_demands stock.demand[] := array(
    select row(h.ordinal, l.sku_id, h.channel_id, l.quantity, null)::stock.demand
      from unnest(p_holds) h
     cross join lateral jsonb_to_recordset(h.lines) as l (sku_id text, quantity integer)
     where h.code is null
     order by h.ordinal, l.sku_id);
begin
  if exists (select from unnest(p_holds) h
               join catalog.channels c on c.channel_id = h.channel_id and c.hold_share_max < 100
              where h.code is null) then
    perform from stock.lock_candidates(p_region_id, v_demands);
    p_holds := stock.cap_reservations(p_region_id, p_holds);
    v_demands := array(select d from unnest(v_demands) d
                         join unnest(p_holds) h on h.ordinal = d.ordinal and h.code is null
                        order by d.ordinal, d.sku_id);
  end if;
  select jsonb_agg(to_jsonb(a)) into p_allocations
    from stock.allocate(p_region_id, v_demands) a;
  p_holds := array(
    select row(h.ordinal, coalesce(h.code, case when s.errors is not null then 'ST001' end),
               coalesce(h.body, case when s.errors is not null then jsonb_build_object('detail',
                 'Not enough stock. Hold at most what is available, or try again later.', 'errors', s.errors) end),
               h.channel_id, h.expires_at, h.note, h.lines, h.actor, h.request_id,
               case when h.code is null and s.errors is null
                    then nextval('stock.reservations_reservation_id_seq') end)::stock.reservation_draft
      from unnest(p_holds) h
      left join lateral (
        select jsonb_agg(stock.short_line(l.line_no, a.sku_id, a.quantity, a.available) order by l.line_no) as errors
          from jsonb_to_recordset(p_allocations)
                 as a (ordinal integer, sku_id text, warehouse_id text, quantity integer, available integer)
          join jsonb_to_recordset(h.lines) as l (sku_id text, line_no integer) on l.sku_id = a.sku_id
         where a.ordinal = h.ordinal and a.warehouse_id is null) s on true
     order by h.ordinal);
end
$$;

grant execute on function stock.allocate_reservations(smallint, stock.reservation_draft[]) to scoville_definer;
