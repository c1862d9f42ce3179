-- Reads orders except p_skip and prices them. Refuses orders without a channel, SKU or reservation of the caller's, and orders with
-- a price or total that differs from the computed one. Errors name each faulty line. The total is computed here, never taken from
-- the caller. An order that converts a reservation gets the channel and items of the reservation unless it names its own.
create or replace function orders.read_drafts(
  p_region_id smallint,
  p_orders jsonb,
  p_skip integer[],
  out p_drafts orders.draft[],
  out p_refusals api.result[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  select coalesce(array_agg(
           orders.new_draft(p_ordinal => o.ordinal, p_channel_id => o.channel_id,
             p_external_id => normalize(o.element ->> 'external_id', nfc), p_customer_name => o.element -> 'customer' ->> 'name',
             p_customer_email => o.element -> 'customer' ->> 'email',
             p_customer_address => o.element -> 'customer' ->> 'address', p_note => o.element ->> 'note',
             p_placed_at => coalesce(o.placed_at, app.now()), p_currency => coalesce(l.currency, 'USD'),
             p_total_price => l.total, p_lines => l.lines,
             p_actor => coalesce(o.element -> 'meta' ->> 'actor', app.claim_subject()),
             p_request_id => coalesce(o.element -> 'meta' ->> 'request_id', app.claim_request_id()),
             p_reservation_id => h.reservation_id, p_historic => o.historic)
           order by o.ordinal) filter (where (v.refusal).code is null), '{}'),
         coalesce(array_agg(app.result_of(o.ordinal, v.refusal)) filter (where (v.refusal).code is not null), '{}')
    into p_drafts, p_refusals
    from (
      select e.ordinality::integer as ordinal, e.value as element, (e.value ->> 'created_at')::timestamptz as placed_at,
             case when e.value ->> 'reservation_id' is not null
                  then stock.find_reservation(p_region_id, e.value ->> 'reservation_id') end as reservation_id
        from jsonb_array_elements(p_orders) with ordinality e
       where e.ordinality <> all (p_skip)
    ) g
    left join stock.reservations h on h.region_id = p_region_id and h.reservation_id = g.reservation_id
   cross join lateral (
      select g.ordinal, g.element, g.placed_at, coalesce((g.element ->> 'historic')::boolean, false) as historic,
             coalesce(g.element ->> 'channel', h.channel_id, app.claim_channel()) as channel_id,
             coalesce(nullif(g.element -> 'items', 'null'),
               case when h.reservation_id is not null
                    then stock.reservation_items(p_region_id, h.reservation_id) end) as items
      offset 0  -- computed once, although it is used several times below
    ) o
    left join catalog.channels c
      on c.channel_id = o.channel_id and c.active and c.region_id = p_region_id
     and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels()))
   cross join lateral orders.price_items(p_region_id => p_region_id, p_items => o.items, p_pricing => c.pricing,
                        p_reservation_id => h.reservation_id,
                        p_historic => o.historic) l
   cross join lateral (select coalesce(
     case when o.element ->> 'reservation_id' is not null
          then orders.refuse_conversion(p_region_id => p_region_id, p_order => o.element,
                 p_reservation_id => h.reservation_id, p_channel_id => o.channel_id) end,
     orders.refuse_draft(p_order => o.element, p_channel_id => o.channel_id, p_channel_known => c.channel_id is not null,
       p_placed_at => o.placed_at, p_total => l.total, p_lines => l.lines,
       p_unknown => l.unknown, p_elements => jsonb_array_length(p_orders),
       p_unsaleable => l.unsaleable, p_repriced => l.repriced, p_region_id => p_region_id)) offset 0) v (refusal);
end
$$;

grant execute on function orders.read_drafts(smallint, jsonb, integer[]) to scoville_definer;
