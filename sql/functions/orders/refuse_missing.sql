-- The refusal if orders.find_order returns null: the order does not exist, or several orders that the caller may see have the number.
create or replace function orders.refuse_missing(
  p_region_id smallint,
  p_id text
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case when count(*) > 1
              then app.refuse_lines('OR011', format('Several orders have the number %s: %s. Name yours by its order_id.', p_id,
                     string_agg(format('%s (channel %s)', orders.public_id(p_region_id, n.order_id),
                       n.channel_id), ', ' order by n.order_id)))
              else app.refuse_lines('OR002', format('Order %s does not exist or is not yours.', p_id)) end
    from (select o.order_id, o.channel_id
            from orders.orders o
           where o.region_id = p_region_id and o.external_id = normalize(p_id, nfc)
           order by o.order_id
           limit 10) n;
$$;

grant execute on function orders.refuse_missing(smallint, text) to scoville_definer, admin, warehouse, sales, integration;
