-- Decides which drafts get their units, and answers them with an order id and warehouses, or refused with every short line.
-- The allocations come along. Lines of one SKU are summed first; a shortage is named at the first of them.
-- Lock order: stock_levels in key order (stock.allocate).
create or replace function orders.allocate_drafts(
  p_region_id smallint,
  inout p_drafts orders.draft[],
  out p_allocations jsonb
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_demands stock.demand[] := array(
    select row(d.ordinal, l.sku_id, min(d.channel_id), least(sum(l.quantity), 2147483647)::integer)::stock.demand
      from pg_catalog.unnest(p_drafts) d
     cross join lateral pg_catalog.jsonb_to_recordset(d.lines) as l (sku_id text, quantity bigint)
     where d.code is null
     group by d.ordinal, l.sku_id
     order by d.ordinal, l.sku_id);
begin
  select pg_catalog.jsonb_agg(pg_catalog.to_jsonb(a)) into p_allocations
    from stock.allocate(p_region_id, v_demands) a;
  p_drafts := array(
    select row(d.ordinal, coalesce(d.code, s.code), coalesce(d.body, s.body), d.channel_id, d.external_id,
               d.customer_name, d.customer_email, d.customer_address, d.note, d.placed_at, d.currency, d.total_price,
               d.lines, d.actor, d.request_id,
               case when d.code is null and s.code is null then pg_catalog.nextval('orders.orders_order_id_seq') end,
               s.warehouse_ids)::orders.draft
      from pg_catalog.unnest(p_drafts) d
      left join (
        select a.ordinal, pg_catalog.array_agg(distinct a.warehouse_id) as warehouse_ids,
               case when pg_catalog.bool_or(a.warehouse_id is null) then 'ST001' end as code,
               case when pg_catalog.bool_or(a.warehouse_id is null) then pg_catalog.jsonb_build_object(
                 'detail', 'Not enough stock. Order at most what is available, or try again later.',
                 'errors', pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
                   'pointer', '/items/' || f.line_no - 1 || '/quantity', 'sku_id', a.sku_id, 'requested', a.quantity,
                   'available', a.available,
                   'detail', pg_catalog.format('%s of %s wanted, %s available.', a.quantity, a.sku_id, a.available))
                   order by f.line_no)) end as body
          from pg_catalog.jsonb_to_recordset(p_allocations)
                 as a (ordinal integer, sku_id text, warehouse_id text, quantity integer, available integer)
          join pg_catalog.unnest(p_drafts) g on g.ordinal = a.ordinal
         cross join lateral (
           select min(l.line_no) as line_no
             from pg_catalog.jsonb_to_recordset(g.lines) as l (sku_id text, line_no integer)
            where l.sku_id = a.sku_id) f
         group by a.ordinal) s on s.ordinal = d.ordinal
     order by d.ordinal);
end
$$;

grant execute on function orders.allocate_drafts(smallint, orders.draft[]) to scoville_definer;
