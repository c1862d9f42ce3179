-- The refusal of a new order, or null. Errors name each faulty line. An order that converts a reservation is complete
-- (orders.complete_conversions). p_elements: how many orders the request has.
-- Asked only about suspects of orders.read_drafts: a new rule has to make its orders suspect there.
create or replace function orders.refuse_order(
  p_region_id smallint,
  p_order jsonb,
  p_reservation_id bigint,
  p_elements integer
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_channel_id text := coalesce(p_order ->> 'channel', app.claim_channel());
  v_refusal api.refusal;
begin
  if p_order ->> 'reservation_id' is not null then
    v_refusal := orders.refuse_conversion(p_region_id => p_region_id, p_order => p_order, p_reservation_id => p_reservation_id,
      p_channel_id => v_channel_id);
  end if;
  if v_refusal.code is null then
    select r.* into v_refusal
      from (select) o
      left join catalog.channels c
        on c.channel_id = v_channel_id and c.active and c.region_id = p_region_id
       and (app.reaches_all_channels() or c.channel_id = any (app.claim_channels()))
     cross join lateral orders.price_items(p_region_id => p_region_id, p_items => nullif(p_order -> 'items', 'null'),
                          p_pricing => c.pricing, p_reservation_id => p_reservation_id,
                          p_historic => orders.has_own_prices(p_order)) l
     cross join lateral (select f.* from orders.refuse_draft(p_order => p_order, p_channel_id => v_channel_id,
       p_channel_known => c.channel_id is not null, p_placed_at => (p_order ->> 'created_at')::timestamptz, p_total => l.total,
       p_lines => l.lines, p_unknown => l.unknown, p_elements => p_elements, p_unsaleable => l.unsaleable, p_inexact => l.inexact,
       p_repriced => l.repriced, p_region_id => p_region_id) f) r;
  end if;
  return v_refusal;
end
$$;

grant execute on function orders.refuse_order(smallint, jsonb, bigint, integer) to scoville_definer;
