-- Writes the orders that got their units, with lines, allocations and audit, in one statement. Historic ones are completed: nothing of
-- them is open. The audit row of a new order has no copy of it: audit.inserted_order tells what it was.
create or replace function orders.insert_drafts(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[],
  p_changed_at timestamptz
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_role text := app.claim_role();
  v_expected integer := 2 * cardinality(p_drafts);
  v_written integer;
begin
  for i in 1 .. cardinality(p_drafts) loop
    v_expected := v_expected + cardinality(p_drafts[i].sku_ids) + (coalesce(p_drafts[i].customer_email, p_drafts[i].customer_phone) is not null)::integer;
  end loop;
  for i in 1 .. cardinality(p_allocations) loop
    v_expected := v_expected + (p_allocations[i].warehouse_id is not null)::integer;
  end loop;
  with drafts as materialized (
    select d.* from unnest(p_drafts) d
  ), audited as (
    insert into audit.audit_log (region_id, recorded_at, actor, role, action, table_name, row_key, reason, request_id)
    select p_region_id, v_now, d.actor, v_role, 'insert', 'orders.orders', d.order_id::text, 'placed', d.request_id
      from drafts d
    returning 1
  ), contacts as (
    insert into orders.order_contacts (region_id, order_id, channel_id, email, email_key, phone, phone_key)
    select p_region_id, d.order_id, d.channel_id, d.customer_email, app.fold(d.customer_email), d.customer_phone,
           orders.phone_key(d.customer_phone)
      from drafts d
     where d.customer_email is not null or d.customer_phone is not null
    returning 1
  ), lines as (
    insert into orders.order_lines
      (region_id, order_id, line_no, channel_id, warehouse_ids, sku_id, quantity, price, amount, amount_quantity,
       fulfilled_quantity, components, address)
    select p_region_id, d.order_id, l.line_no, d.channel_id, d.warehouse_ids, l.sku_id, l.quantity, l.price, l.amount,
           case when l.amount is not null then l.quantity end, case when d.historic then l.quantity else 0 end,
           d.bundles -> l.line_no::text, l.address
      from drafts d
     cross join lateral rows from (unnest(d.sku_ids), unnest(d.quantities), unnest(d.prices), unnest(d.amounts),
       unnest(d.addresses)) with ordinality as l (sku_id, quantity, price, amount, address, line_no)
    returning 1
  ), allocations as (
    insert into orders.order_allocations (region_id, order_id, sku_id, warehouse_id, channel_id, quantity, fulfilled_quantity)
    select p_region_id, d.order_id, a.sku_id, a.warehouse_id, d.channel_id, a.quantity,
           case when d.historic then a.quantity else 0 end
      from drafts d
      join unnest(p_allocations) a on a.ordinal = d.ordinal and a.warehouse_id is not null
    returning 1
  ), placed as (
    insert into orders.orders
      (region_id, order_id, channel_id, external_id, status, fulfillment_status, customer_name, customer_key, customer_address,
       customer_group, customer_pseudonym, currency, total_price, note, warehouse_ids, placed_at, created_at, updated_at, changed_by, change_reason,
       request_id, unpaid_until)
    select p_region_id, d.order_id, d.channel_id, d.external_id,
           case when d.historic then 'completed' when d.unpaid_until is not null then 'pending' else 'processing' end,
           case when d.historic then 'fulfilled' else 'unfulfilled' end, d.customer_name, app.fold(d.customer_name),
           d.customer_address, d.customer_group, orders.pseudonym(k.secret, coalesce(d.customer_email, d.customer_name)), d.currency, d.total_price,
           d.note, d.warehouse_ids, d.placed_at, v_now, p_changed_at, d.actor, 'placed', d.request_id, d.unpaid_until
      from drafts d
      left join identity.pseudonym_keys k on true
    returning 1
  )
  select (select count(*) from placed) + (select count(*) from audited) + (select count(*) from contacts)
       + (select count(*) from lines) + (select count(*) from allocations)
    into v_written;
  if v_written <> v_expected then
    raise exception using errcode = 'internal_error', message = 'fewer rows of an order were written than it has';
  end if;
end
$$;

grant execute on function orders.insert_drafts(smallint, orders.draft[], stock.allocation[], timestamptz) to scoville_definer;
