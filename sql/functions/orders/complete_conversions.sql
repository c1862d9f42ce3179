-- Orders of which some convert a reservation: these get the channel and items of the reservation unless they name their own.
-- p_reservation_ids: by order; null without a reservation of the caller's.
create or replace function orders.complete_conversions(
  p_region_id smallint,
  p_orders jsonb,
  out p_completed jsonb,
  out p_reservation_ids bigint[]
)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  select jsonb_agg(case
           when h.reservation_id is null then o.element
           else o.element || jsonb_build_object(
             'channel', coalesce(o.element ->> 'channel', h.channel_id),
             'items', coalesce(nullif(o.element -> 'items', 'null'), stock.reservation_items(p_region_id, h.reservation_id))) end
           order by o.ordinal),
         array_agg(h.reservation_id order by o.ordinal)
    into p_completed, p_reservation_ids
    from (select e.ordinality as ordinal, e.value as element,
                 case when e.value ->> 'reservation_id' is not null
                      then stock.find_reservation(p_region_id, e.value ->> 'reservation_id') end as reservation_id
            from jsonb_array_elements(p_orders) with ordinality e) o
    left join stock.reservations h on h.region_id = p_region_id and h.reservation_id = o.reservation_id;
end
$$;

grant execute on function orders.complete_conversions(smallint, jsonb) to scoville_definer;
