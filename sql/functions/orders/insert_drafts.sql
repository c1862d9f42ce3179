-- Writes the orders that got their units, all tables in one statement, and returns their rows by order_id. Historic ones are
-- completed: nothing of them is open.
create or replace function orders.insert_drafts(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns orders.orders[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_changed_at timestamptz := orders.begin_change();
  v_key bytea := (select k.secret from identity.pseudonym_keys k);
  v_orders orders.orders[];
begin
  with serving as (
    select a.ordinal, array_agg(distinct a.warehouse_id) as warehouse_ids from unnest(p_allocations) a group by a.ordinal
  ), written as (
    insert into orders.orders as o
      (region_id, order_id, channel_id, external_id, status, fulfillment_status, customer_name, customer_key,
       customer_address, customer_pseudonym, currency, total_price, note, warehouse_ids, placed_at, created_at, updated_at, changed_by, change_reason, request_id)
    select p_region_id, d.order_id, d.channel_id, d.external_id, case when d.historic then 'completed' else 'processing' end,
           case when d.historic then 'fulfilled' else 'unfulfilled' end, d.customer_name, app.fold(d.customer_name),
           d.customer_address,
           orders.pseudonym(v_key, coalesce(d.customer_email, d.customer_name)), d.currency, d.total_price, d.note,
           s.warehouse_ids, d.placed_at, v_now, v_changed_at, d.actor, 'placed', d.request_id
      from unnest(p_drafts) d
      join serving s on s.ordinal = d.ordinal
    returning o as written_order
  ), contacts as (
    insert into orders.order_contacts (region_id, order_id, channel_id, email, email_key)
    select p_region_id, d.order_id, d.channel_id, d.customer_email, app.fold(d.customer_email)
      from unnest(p_drafts) d
     where d.customer_email is not null
    returning 1
  ), lines as (
    insert into orders.order_lines
      (region_id, order_id, line_no, channel_id, warehouse_ids, sku_id, quantity, price, fulfilled_quantity)
    select p_region_id, d.order_id, l.line_no, d.channel_id, s.warehouse_ids, l.sku_id, l.quantity, l.price,
           case when d.historic then l.quantity else 0 end
      from unnest(p_drafts) d
      join serving s on s.ordinal = d.ordinal
     cross join lateral jsonb_to_recordset(d.lines)
       as l (line_no smallint, sku_id text, quantity integer, price numeric)
    returning 1
  ), allocations as (
    insert into orders.order_allocations (region_id, order_id, sku_id, warehouse_id, channel_id, quantity, fulfilled_quantity)
    select p_region_id, d.order_id, a.sku_id, a.warehouse_id, d.channel_id, a.quantity,
           case when d.historic then a.quantity else 0 end
      from unnest(p_drafts) d
      join unnest(p_allocations) a on a.ordinal = d.ordinal
    returning 1
  )
  select array_agg(w.written_order order by (w.written_order).order_id) into v_orders from written w;
  if cardinality(v_orders) is distinct from cardinality(p_drafts) then
    raise exception using errcode = 'internal_error', message = 'fewer orders were written than accepted';
  end if;
  return v_orders;
end
$$;

grant execute on function orders.insert_drafts(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
