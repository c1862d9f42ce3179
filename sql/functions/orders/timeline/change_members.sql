-- The members of an order that a row of its audit changed; of lines, the units of each SKU that are not canceled, and their addresses. p_shows_contact:
-- with the values of e-mail and phone number. After an erasure the audit has no values of the person, so these are null.
create or replace function orders.change_members(
  p_table_name text,
  p_old jsonb,
  p_new jsonb,
  p_shows_contact boolean
)
  returns table (member text, sku_id text, before jsonb, after jsonb)
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  with units as (
    select i.value ->> 'sku_id' as sku_id, sum(c.units) filter (where s.is_old) as before, sum(c.units) filter (where not s.is_old) as after
      from (values (true, p_old -> 'items'), (false, p_new -> 'items')) s (is_old, items)
     cross join lateral jsonb_array_elements(coalesce(s.items, '[]')) i
     cross join lateral (
       select (i.value ->> 'quantity')::bigint - coalesce((i.value ->> 'canceled')::bigint, 0)) c (units)
     group by i.value ->> 'sku_id'
  )
  select m.member, null, case when p_shows_contact or not m.is_contact then p_old -> m.key end,
         case when p_shows_contact or not m.is_contact then p_new -> m.key end
    from (values ('orders.orders', 'customer_name', 'customer.name', false),
                 ('orders.orders', 'customer_address', 'customer.address', false),
                 ('orders.order_contacts', 'email', 'customer.email', true),
                 ('orders.order_contacts', 'phone', 'customer.phone', true),
                 ('orders.orders', 'note', 'note', false),
                 ('orders.orders', 'status', 'status', false),
                 ('orders.orders', 'fulfillment_status', 'fulfillment_status', false),
                 ('orders.orders', 'total_price', 'total_price', false),
                 ('orders.fulfillments', 'tracking_number', 'parcel.tracking_number', false),
                 ('orders.fulfillments', 'note', 'parcel.note', false)) m (table_name, key, member, is_contact)
   where m.table_name = p_table_name and p_old ? m.key
   union all
  select 'items', u.sku_id, to_jsonb(u.before), to_jsonb(u.after) from units u where u.before is distinct from u.after
   union all
  select 'items.address', sku_id, to_jsonb(b.addresses), to_jsonb(a.addresses)
    from orders.line_addresses(p_old -> 'items') b
    full join orders.line_addresses(p_new -> 'items') a using (sku_id)
   where b.addresses is distinct from a.addresses or (b.addresses is null and a.addresses is null and (b.is_told or a.is_told));
$$;

grant execute on function orders.change_members(text, jsonb, jsonb, boolean) to scoville_definer;
