create or replace view bi.dim_customer with (security_invoker = true, security_barrier = true) as
select o.region_id, o.customer_pseudonym::text as customer_key, min(o.placed_at) as first_order_at,
       max(o.placed_at) as last_order_at, count(*) as orders,
       count(*) filter (where o.status = 'canceled') as canceled_orders, count(*) > 1 as is_returning,
       bool_and(o.customer_erased_at is not null) as is_erased
  from orders.orders o
 where o.customer_pseudonym is not null
 group by o.region_id, o.customer_pseudonym;

comment on view bi.dim_customer is
  'One row per customer who has ordered, under a pseudonym: no name, e-mail or address. Orders with the same e-mail (or, without '
  'an e-mail, the same name) have the same customer. A customer who was erased stays a customer, whom nothing joins with a person.';
comment on column bi.dim_customer.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.dim_customer.customer_key is
  'The pseudonym: the same in every order of the customer, and meaningless elsewhere.';
comment on column bi.dim_customer.first_order_at is 'When the first order was placed.';
comment on column bi.dim_customer.last_order_at is 'When the latest order was placed.';
comment on column bi.dim_customer.orders is 'Orders placed, including canceled and unpaid ones.';
comment on column bi.dim_customer.canceled_orders is 'How many of them were canceled whole: nothing of them was shipped.';
comment on column bi.dim_customer.is_returning is 'Whether the customer has placed more than one order.';
comment on column bi.dim_customer.is_erased is
  'Whether the customer was erased. The orders keep one pseudonym, a new random one: no order that the same person places later has it.';
grant select on bi.dim_customer to bi_reader;
