-- Moves the units of orders of which some convert a reservation or are historic (these move none), and marks the reservations as
-- committed.
create or replace function orders.post_drafts(
  p_region_id smallint,
  p_drafts orders.draft[],
  p_allocations stock.allocation[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_movements stock.movement[] := orders.draft_movements(p_region_id => p_region_id, p_drafts => p_drafts,
    p_allocations => p_allocations);
begin
  if v_movements is not null then
    perform stock.post_movements(p_region_id => p_region_id, p_movements => v_movements, p_locked => true);
  end if;
  if exists (select from unnest(p_drafts) d where d.reservation_id is not null) then
    perform orders.convert_reservations(p_region_id, p_drafts);
  end if;
end
$$;

grant execute on function orders.post_drafts(smallint, orders.draft[], stock.allocation[]) to scoville_definer;
