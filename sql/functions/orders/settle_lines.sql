-- The lines that an order gets: those of orders.price_lines, if nothing of it was shipped or canceled. Otherwise its lines keep their place,
-- so that what left and what was canceled stays in them: units that a line loses are canceled, further units come to the last line of
-- their SKU and address if it has their price and components, or to a new line at the end. Parcels fill the lines of a SKU in their order
-- (orders.ship_lines), and this changes nothing before the last unit that was shipped. refusal: a line would have fewer units than were
-- shipped of it. A bundle that was begun counts as shipped: its other components are still to come.
create or replace function orders.settle_lines(
  p_current jsonb,
  p_priced jsonb,
  p_items jsonb,
  out lines jsonb,
  out refusal api.refusal
)
  language sql
  stable
  set search_path = ''
as $$
  with old as (
    select o.*, o.quantity - o.canceled as kept, u.begun,
           orders.freeze_components(p_components => o.components, p_historic => false, p_quantity => 0) as made_of,
           sum(o.quantity - o.canceled) over (partition by o.sku_id, o.price, o.address order by o.line_no) - (o.quantity - o.canceled) as before,
           o.line_no = max(o.line_no) over (partition by o.sku_id, o.address) as is_last
      from jsonb_to_recordset(p_current) as o (line_no integer, sku_id text, quantity bigint, price numeric, amount numeric,
             amount_quantity integer, fulfilled bigint, canceled bigint, components jsonb, address text)
     cross join lateral (
       select coalesce(max(ceil(c.fulfilled::numeric / c.quantity))::bigint, o.fulfilled)
         from jsonb_to_recordset(o.components) as c (quantity bigint, fulfilled bigint)) u (begun)
  ), priced as (
    select p.* from jsonb_to_recordset(p_priced) as p (line_no integer, sku_id text, quantity bigint, price numeric, amount numeric,
                      amount_quantity integer, components jsonb, address text, source integer)
  ), at_price as (
    select p.sku_id, p.price, p.address, min(p.line_no) as line_no, min(p.components::text)::jsonb as components, sum(p.quantity) as units,
           sum(p.quantity) - (select coalesce(sum(o.kept), 0) from old o
                               where o.sku_id = p.sku_id and o.price = p.price and o.address is not distinct from p.address) as more
      from priced p where p.amount is null group by p.sku_id, p.price, p.address
  ), settled as (
    select o.*, case when o.amount is not null
                     then (select coalesce(sum(p.quantity), 0) from priced p
                            where p.source = o.line_no and p.address is not distinct from o.address)
                     else greatest(0, least(o.kept, coalesce(a.units, 0) - o.before)) end as stays,
           case when o.is_last and a.more > 0 and a.components is not distinct from o.made_of then a.more else 0 end as gains
      from old o
      left join at_price a on a.sku_id = o.sku_id and a.price = o.price and a.address is not distinct from o.address
  ), added as (
    select a.line_no, a.sku_id, a.more as quantity, a.price, null::numeric as amount, null::integer as amount_quantity, a.components,
           a.address
      from at_price a
     where a.more > 0 and not exists (
       select from old o
        where o.is_last and o.sku_id = a.sku_id and o.price = a.price and o.address is not distinct from a.address
          and o.made_of is not distinct from a.components)
     union all
    select p.line_no, p.sku_id, p.quantity, p.price, p.amount, p.amount_quantity, p.components, p.address
      from priced p
     where p.amount is not null
       and not exists (select from old o where o.line_no = p.source and o.address is not distinct from p.address)
  ), merged as (
    select s.line_no::bigint as line_no, s.sku_id, s.quantity + s.gains as quantity, s.price, s.amount, s.amount_quantity, s.fulfilled,
           s.canceled + s.kept - s.stays as canceled, s.components, s.address
      from settled s
     union all
    select (select max(o.line_no) from old o) + row_number() over (order by a.line_no), a.sku_id, a.quantity, a.price, a.amount,
           a.amount_quantity, 0, 0, a.components, a.address
      from added a
  )
  select case when exists (select from old o where o.begun + o.canceled > 0)
              then (select jsonb_agg(to_jsonb(m) order by m.line_no) from merged m)
              else (select jsonb_agg(p.value - 'source' order by p.ordinality) from jsonb_array_elements(p_priced) with ordinality p) end,
         (select app.refuse_lines(p_code => 'OR010', p_detail => 'What was shipped stays in the order. Send at least these units.',
                   p_errors => jsonb_agg(orders.shipped_line(p_sku_id => s.sku_id, p_price => s.price, p_amount => s.amount,
                     p_fulfilled => s.begun, p_items => p_items) order by s.line_no))
            from settled s where s.stays < s.begun having count(*) > 0);
$$;

grant execute on function orders.settle_lines(jsonb, jsonb, jsonb) to scoville_definer;
