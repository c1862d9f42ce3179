-- These levels; if reservations are converted, those of SKUs that orders wait for are marked as in debt: what a reservation leaves there goes to
-- the queue when it is posted, and not to later orders of the same list.
create or replace function orders.keep_for_queue(
  p_region_id smallint,
  p_levels stock.candidate[],
  p_converts boolean
)
  returns stock.candidate[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if not p_converts then
    return p_levels;
  end if;
  for i in 1 .. cardinality(p_levels) loop
    if exists (select from orders.backorders b where b.region_id = p_region_id and b.sku_id = p_levels[i].sku_id) then
      p_levels[i].in_debt := true;
    end if;
  end loop;
  return p_levels;
end
$$;

grant execute on function orders.keep_for_queue(smallint, stock.candidate[], boolean) to scoville_definer;
