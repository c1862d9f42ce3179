-- Decides which drafts get their units, and answers them with an order id and warehouses, or refused with every short line.
-- The allocations come along. Lines of one SKU are summed first; a shortage is named at the first of them. A draft that
-- converts a reservation wants nothing of the SKUs that it leaves of it.
-- Lock order: stock_levels in key order, then reservations (stock.allocate).
create or replace function orders.allocate_drafts(
  p_region_id smallint,
  inout p_drafts orders.draft[],
  out p_allocations stock.allocation[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_demands stock.demand[] := array(
    select row(w.ordinal, w.sku_id, min(w.channel_id), least(sum(w.quantity), 2147483647)::integer,
               min(w.reservation_id))::stock.demand
      from (select d.ordinal, l.sku_id, d.channel_id, l.quantity, d.reservation_id
              from unnest(p_drafts) d
             cross join lateral jsonb_to_recordset(d.lines) as l (sku_id text, quantity bigint)
             where d.code is null
             union all
            select d.ordinal, r.sku_id, d.channel_id, 0, d.reservation_id
              from unnest(p_drafts) d
              join stock.reservation_lines r on r.region_id = p_region_id and r.reservation_id = d.reservation_id
             where d.code is null) w
     group by w.ordinal, w.sku_id
     order by w.ordinal, w.sku_id);
begin
  p_allocations := array(select a from stock.allocate(p_region_id, v_demands) a);
  p_drafts := array(
    select row(d.ordinal, coalesce(d.code, s.code), coalesce(d.body, s.body), d.channel_id, d.external_id,
               d.customer_name, d.customer_email, d.customer_address, d.note, d.placed_at, d.currency, d.total_price,
               d.lines, d.actor, d.request_id,
               case when d.code is null and s.code is null then nextval('orders.orders_order_id_seq') end,
               s.warehouse_ids, d.reservation_id)::orders.draft
      from unnest(p_drafts) d
      left join (
        select a.ordinal, array_agg(distinct a.warehouse_id) as warehouse_ids,
               case when bool_or(a.sku_id is null) then 'RV002'
                    when bool_or(a.warehouse_id is null) then 'ST001' end as code,
               case when bool_or(a.sku_id is null) then coalesce(
                      stock.refuse_inactive(p_region_id, min(g.reservation_id), '/reservation_id'),
                      app.refusal('An order before this one, in the same request, takes this reservation.', '/reservation_id'))
                    when bool_or(a.warehouse_id is null) then jsonb_build_object(
                      'detail', 'Not enough stock. Order at most what is available, or try again later.',
                      'errors', jsonb_agg(stock.short_line(f.line_no, a.sku_id, a.quantity, a.available)
                        order by f.line_no) filter (where a.warehouse_id is null)) end as body
          from unnest(p_allocations) a
          join unnest(p_drafts) g on g.ordinal = a.ordinal
         cross join lateral (
           select min(l.line_no) as line_no
             from jsonb_to_recordset(g.lines) as l (sku_id text, line_no integer)
            where a.warehouse_id is null and l.sku_id = a.sku_id) f
         group by a.ordinal) s on s.ordinal = d.ordinal
     order by d.ordinal);
end
$$;

grant execute on function orders.allocate_drafts(smallint, orders.draft[]) to scoville_definer;
