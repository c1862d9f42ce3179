-- Reads orders and prices them; refuses those that name no channel, SKU or reservation of the caller's, or another price or
-- total than the computed one. Every faulty line is named. The total is computed here, never taken from the caller. An order
-- that converts a reservation takes channel and items from it where it names none, and what is held of a SKU that was retired
-- since is sold.
create or replace function orders.read_drafts(
  p_region_id smallint,
  p_orders jsonb,
  p_skip integer[]
)
  returns setof orders.draft
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select o.ordinal, v.refusal ->> 'code', v.refusal -> 'body', o.channel_id,
           o.element ->> 'external_id', o.element -> 'customer' ->> 'name', o.element -> 'customer' ->> 'email',
           o.element -> 'customer' ->> 'address', o.element ->> 'note', coalesce(o.placed_at, app.now()),
           coalesce(l.currency, 'USD'), l.total, l.lines,
           coalesce(o.element -> 'meta' ->> 'actor', app.claim_subject()),
           coalesce(o.element -> 'meta' ->> 'request_id', app.claim_request_id()), null::bigint, null::text[], h.reservation_id
      from (
        select e.ordinality::integer as ordinal, e.value as element, (e.value ->> 'created_at')::timestamptz as placed_at,
               case when e.value ->> 'reservation_id' is not null
                    then stock.find_reservation(p_region_id, e.value ->> 'reservation_id') end as reservation_id
          from jsonb_array_elements(p_orders) with ordinality e
         where e.ordinality <> all (p_skip)
      ) g
      left join stock.reservations h on h.region_id = p_region_id and h.reservation_id = g.reservation_id
     cross join lateral (
        select g.ordinal, g.element, g.placed_at,
               coalesce(g.element ->> 'channel', h.channel_id, app.claim_channel()) as channel_id,
               coalesce(nullif(g.element -> 'items', 'null'),
                 case when h.reservation_id is not null
                      then stock.reservation_items(p_region_id, h.reservation_id) end) as items
        offset 0  -- computed once, however often it is named below
      ) o
      left join catalog.channels c
        on c.channel_id = o.channel_id and c.active and c.region_id = p_region_id
       and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels()))
      left join lateral (select s.currency from catalog.skus s where s.sku_id = o.items -> 0 ->> 'sku_id' limit 1) f on true
     cross join lateral (
        select sum(p.price * i.quantity) as total, min(k.currency) as currency,
               jsonb_agg(jsonb_build_object('line_no', i.line_no, 'sku_id', i.sku_id,
                 'quantity', i.quantity, 'price', p.price) order by i.line_no) as lines,
               jsonb_agg(orders.unknown_line(i.line_no, i.sku_id) order by i.line_no)
                 filter (where k.sku_id is null) as unknown,
               jsonb_agg(orders.unsaleable_line(i.line_no, i.sku_id, k.currency, f.currency) order by i.line_no)
                 filter (where not k.active and not stock.covers_items(p_region_id, h.reservation_id, i.sku_id, o.items)
                   or p.price is null or k.currency <> f.currency) as unsaleable,
               jsonb_agg(orders.repriced_line(i.line_no, i.sku_id, i.price, p.price) order by i.line_no)
                 filter (where i.price <> p.price) as repriced
          from (select r.ordinality::integer as line_no, r.value ->> 'sku_id' as sku_id,
                       (r.value ->> 'quantity')::bigint as quantity, (r.value ->> 'price')::numeric(9, 2) as price
                  from jsonb_array_elements(o.items) with ordinality r) i
          -- By key, whatever the planner thinks of the number of lines: it would read the whole catalogue for each order.
          left join lateral (select s.* from catalog.skus s where s.sku_id = i.sku_id limit 1) k on true
         cross join lateral (select case c.pricing when 'channel' then coalesce(i.price, k.price) else k.price end) p (price)
      ) l
     cross join lateral (select coalesce(
       case when o.element ->> 'reservation_id' is not null
            then orders.refuse_conversion(p_region_id, o.element, h.reservation_id, o.channel_id) end,
       orders.refusal_of(o.element, o.channel_id, c.channel_id is not null, o.placed_at, l.total, l.lines, l.unknown,
         l.unsaleable, l.repriced)) offset 0) v (refusal);
end
$$;

grant execute on function orders.read_drafts(smallint, jsonb, integer[]) to scoville_definer;
