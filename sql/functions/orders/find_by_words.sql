-- Those of these orders, in their order, in which every word occurs: in the customer's name, e-mail or phone number, our number, the channel's number, or
-- the tracking number of a parcel. At most p_limit.
create or replace function orders.find_by_words(
  p_region_id smallint,
  p_order_ids bigint[],
  p_words text,
  p_limit integer
)
  returns bigint[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select o.order_id
      from unnest(p_order_ids) with ordinality g (order_id, nth)
      join orders.orders o on o.region_id = p_region_id and o.order_id = g.order_id
      left join orders.order_contacts c on c.region_id = p_region_id and c.order_id = o.order_id
      left join (
        select f.order_id, string_agg(f.tracking_number, ' ') as numbers
          from orders.fulfillments f
         where f.region_id = p_region_id and f.order_id = any (p_order_ids) and f.tracking_number is not null
         group by f.order_id) t on t.order_id = o.order_id
     where app.matches(p_words, concat_ws(' ', orders.public_id(o.region_id, o.order_id), o.external_id, o.customer_name, c.email,
             c.phone, c.phone_key, t.numbers))
     order by g.nth
     limit p_limit);
end
$$;

grant execute on function orders.find_by_words(smallint, bigint[], text, integer) to admin, warehouse, sales, integration;
