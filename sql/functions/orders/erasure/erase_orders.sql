-- Takes the customer, the addresses of lines, the notes and the tracking numbers out of these locked orders, their parcels, reservations
-- and returns. Returns the ids of those, and of the withholdings that the returns opened.
-- The pseudonym becomes a random one, the same for all of them: analysts still see how often this customer ordered, and nothing joins the
-- orders with later ones of the same person. The audit of these updates holds the old values until audit.erase_history.
create or replace function orders.erase_orders(
  p_region_id smallint,
  p_order_ids bigint[],
  p_actor text,
  p_request_id text,
  out fulfillment_ids bigint[],
  out reservation_ids bigint[],
  out return_ids bigint[],
  out withholding_ids bigint[]
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_changed_at timestamptz := orders.begin_change();
  v_pseudonym uuid := gen_random_uuid();
begin
  update orders.order_lines l
     set address = null
   where l.region_id = p_region_id and l.order_id = any (p_order_ids) and l.address is not null;
  delete from orders.order_contacts c where c.region_id = p_region_id and c.order_id = any (p_order_ids);
  update orders.orders o
     set customer_name = null, customer_key = null, customer_address = null, note = null, customer_pseudonym = v_pseudonym,
         status_reason = case when o.status_reason = 'unpaid' then 'unpaid' when o.status_changed_at is not null then 'erased' end,
         customer_erased_at = v_now, version = o.version + 1, updated_at = v_changed_at, changed_by = p_actor,
         change_reason = 'erased', request_id = p_request_id
   where o.region_id = p_region_id and o.order_id = any (p_order_ids);
  fulfillment_ids := array(
    select f.fulfillment_id from orders.fulfillments f where f.region_id = p_region_id and f.order_id = any (p_order_ids));
  update orders.fulfillments f
     set tracking_number = null, note = null, cancel_reason = case when f.canceled_at is not null then 'erased' end,
         changed_by = p_actor, change_reason = 'erased', request_id = p_request_id
   where f.region_id = p_region_id and f.fulfillment_id = any (fulfillment_ids);
  with noted as (
    update stock.reservations r
       set note = null, changed_by = p_actor, change_reason = 'erased', request_id = p_request_id
     where r.region_id = p_region_id and r.order_id = any (p_order_ids) and r.order_id is not null and r.note is not null
    returning r.reservation_id
  )
  select coalesce(array_agg(n.reservation_id), '{}') into reservation_ids from noted n;
  select r.return_ids, r.withholding_ids into return_ids, withholding_ids
    from orders.erase_returns(p_region_id => p_region_id, p_order_ids => p_order_ids, p_actor => p_actor, p_request_id => p_request_id) r;
end
$$;

grant execute on function orders.erase_orders(smallint, bigint[], text, text) to scoville_definer;
