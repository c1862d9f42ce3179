-- Writes the orders that got their units, with lines, allocations and audit, in one statement. Returns them with their documents (the
-- same that orders.documents would read back from five tables), by order_id. Historic ones are completed: nothing of them is open.
-- The audit row of a new order has no copy of it: audit.inserted_row tells what it was.
create or replace function orders.insert_drafts(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns orders.placed[]
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_changed_at timestamptz := orders.begin_change();
  v_role text := app.claim_role();
  v_key bytea := (select k.secret from identity.pseudonym_keys k);
  v_historic integer[] := '{}';
  v_placed orders.placed[];
  v_written integer;
begin
  for i in 1 .. cardinality(p_drafts) loop
    if p_drafts[i].historic then
      v_historic := v_historic || p_drafts[i].ordinal;
    end if;
  end loop;
  with drafts as materialized (
    select d.*, s.warehouse_ids, s.allocations, case when d.historic then 'completed' else 'processing' end as status,
           case when d.historic then 'fulfilled' else 'unfulfilled' end as fulfillment_status
      from unnest(p_drafts) d
      join (select a.ordinal, array_agg(distinct a.warehouse_id) as warehouse_ids,
                   json_agg(orders.allocation_document(p_sku_id => a.sku_id, p_warehouse_id => a.warehouse_id,
                     p_quantity => a.quantity, p_fulfilled => case when a.ordinal = any (v_historic) then a.quantity else 0 end, p_released => 0)
                     order by a.sku_id collate "C", a.warehouse_id collate "C") as allocations
              from unnest(p_allocations) a
             group by a.ordinal) s on s.ordinal = d.ordinal
  ), written as (
    insert into orders.orders
      (region_id, order_id, channel_id, external_id, status, fulfillment_status, customer_name, customer_key, customer_address,
       customer_pseudonym, currency, total_price, note, warehouse_ids, placed_at, created_at, updated_at, changed_by, change_reason,
       request_id)
    select p_region_id, d.order_id, d.channel_id, d.external_id, d.status, d.fulfillment_status, d.customer_name,
           app.fold(d.customer_name), d.customer_address, orders.pseudonym(v_key, coalesce(d.customer_email, d.customer_name)),
           d.currency, d.total_price, d.note, d.warehouse_ids, d.placed_at, v_now, v_changed_at, d.actor, 'placed', d.request_id
      from drafts d
    returning 1
  ), audited as (
    insert into audit.audit_log (region_id, recorded_at, actor, role, action, table_name, row_key, reason, request_id)
    select p_region_id, v_now, d.actor, v_role, 'insert', 'orders.orders', d.order_id::text, 'placed', d.request_id
      from drafts d
    returning 1
  ), contacts as (
    insert into orders.order_contacts (region_id, order_id, channel_id, email, email_key)
    select p_region_id, d.order_id, d.channel_id, d.customer_email, app.fold(d.customer_email)
      from drafts d
     where d.customer_email is not null
    returning 1
  ), lines as (
    insert into orders.order_lines
      (region_id, order_id, line_no, channel_id, warehouse_ids, sku_id, quantity, price, fulfilled_quantity)
    select p_region_id, d.order_id, l.line_no, d.channel_id, d.warehouse_ids, l.sku_id, l.quantity, l.price,
           case when d.historic then l.quantity else 0 end
      from drafts d
     cross join lateral rows from (unnest(d.sku_ids), unnest(d.quantities), unnest(d.prices))
       with ordinality as l (sku_id, quantity, price, line_no)
    returning 1
  ), allocations as (
    insert into orders.order_allocations (region_id, order_id, sku_id, warehouse_id, channel_id, quantity, fulfilled_quantity)
    select p_region_id, d.order_id, a.sku_id, a.warehouse_id, d.channel_id, a.quantity,
           case when d.historic then a.quantity else 0 end
      from drafts d
      join unnest(p_allocations) a on a.ordinal = d.ordinal
    returning 1
  )
  select array_agg(orders.new_placed(p_ordinal => d.ordinal, p_order_id => d.order_id, p_channel_id => d.channel_id,
           p_warehouse_ids => d.warehouse_ids, p_actor => d.actor, p_request_id => d.request_id, p_historic => d.historic,
           p_document => orders.render_document(p_region_id => p_region_id, p_order_id => d.order_id,
             p_external_id => d.external_id, p_channel_id => d.channel_id, p_placed_at => d.placed_at,
             p_customer_name => d.customer_name, p_email => d.customer_email, p_customer_address => d.customer_address,
             p_items => i.items, p_total_price => d.total_price::numeric(16, 2), p_currency => d.currency, p_status => d.status,
             p_fulfillment_status => d.fulfillment_status, p_allocations => d.allocations, p_fulfillments => '[]',
             p_note => d.note, p_version => 1, p_updated_at => v_changed_at)) order by d.order_id),
         (select count(*) from written)
    into v_placed, v_written
    from drafts d
   cross join lateral (
     select json_agg(orders.item_document(p_sku_id => l.sku_id, p_quantity => l.quantity::integer, p_price => l.price::numeric(9, 2),
              p_fulfilled => case when d.historic then l.quantity::integer else 0 end, p_canceled => 0) order by l.line_no) as items
       from rows from (unnest(d.sku_ids), unnest(d.quantities), unnest(d.prices))
         with ordinality as l (sku_id, quantity, price, line_no)) i;
  if v_written <> cardinality(p_drafts) then
    raise exception using errcode = 'internal_error', message = 'fewer orders were written than accepted';
  end if;
  return v_placed;
end
$$;

grant execute on function orders.insert_drafts(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
