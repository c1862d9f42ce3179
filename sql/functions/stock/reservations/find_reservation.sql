-- The reservation that an ID (RSV-<region>-<number>) names, or null. Finds only reservations of the caller's channels: the definer
-- can read all channels, so the claims are compared here.
create or replace function stock.find_reservation(
  p_region_id smallint,
  p_id text
)
  returns bigint
  language sql
  stable
  set search_path = ''
as $$
  select r.reservation_id
    from stock.reservations r
   where r.region_id = p_region_id
     and r.reservation_id = case when p_id ~ '^RSV-[0-9]{1,5}-[0-9]{1,18}$' then split_part(p_id, '-', 3)::bigint end
     and p_id = stock.reservation_public_id(p_region_id, r.reservation_id)
     and (app.reaches_all_channels() or r.channel_id = any (app.claim_channels()));
$$;

grant execute on function stock.find_reservation(smallint, text) to scoville_definer, admin, sales, integration;
