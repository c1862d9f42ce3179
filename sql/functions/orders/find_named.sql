-- The orders that the filters customer, external_id and q name, by index (null: none of them is given), and the words of q that remain to
-- be searched for. A q that is the whole order number, external_id, e-mail, phone number or tracking number of an order names it, however old it is.
create or replace function orders.find_named(
  p_region_id smallint,
  p_filters jsonb,
  out order_ids bigint[],
  out words text
)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_customer text := app.fold(p_filters ->> 'customer');
  v_external_id text := normalize(p_filters ->> 'external_id', nfc);
  v_phone text := orders.phone_key(substring(p_filters ->> 'customer' from '^[0-9+ ().,/-]+$'));
  v_q text := btrim(normalize(p_filters ->> 'q', nfc));
  v_ids bigint[];
begin
  if v_customer is not null then
    -- Lookups by index: with "or" the planner would read every order.
    order_ids := array(
      select k.order_id from orders.orders k where k.region_id = p_region_id and k.customer_key = v_customer
      union
      select c.order_id from orders.order_contacts c where c.region_id = p_region_id and c.email_key = v_customer
      union
      select c.order_id from orders.order_contacts c where c.region_id = p_region_id and c.phone_key = v_phone);
  end if;
  if v_external_id is not null then
    v_ids := array(select o.order_id from orders.orders o where o.region_id = p_region_id and o.external_id = v_external_id);
    order_ids := case when order_ids is null then v_ids
                      else array(select unnest(order_ids) intersect select unnest(v_ids)) end;
  end if;
  if v_q is not null then
    v_ids := array(
      select o.order_id from orders.orders o where o.region_id = p_region_id and o.order_id = orders.find_order(p_region_id, upper(v_q))
      union
      select o.order_id from orders.orders o where o.region_id = p_region_id and o.external_id = v_q
      union
      select c.order_id from orders.order_contacts c where c.region_id = p_region_id and c.email_key = app.fold(v_q)
      union
      select c.order_id from orders.order_contacts c
       where c.region_id = p_region_id and c.phone_key = orders.phone_key(substring(v_q from '^[0-9+ ().,/-]+$'))
      union
      select f.order_id from orders.fulfillments f where f.region_id = p_region_id and f.tracking_number in (v_q, upper(v_q)));
    if v_ids = '{}' then
      words := v_q;
    else
      order_ids := case when order_ids is null then v_ids
                        else array(select unnest(order_ids) intersect select unnest(v_ids)) end;
    end if;
  end if;
end
$$;

grant execute on function orders.find_named(smallint, jsonb) to admin, warehouse, sales, integration;
