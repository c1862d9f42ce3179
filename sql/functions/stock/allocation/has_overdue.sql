-- Whether any reservation or unpaid order of the region is over and still holds units. The worker ends them, so mostly there is none.
-- Every order asks, so this is one statement. It reads the first of the unpaid orders, not any: their index has this order, so the
-- planner takes it even if the tables are empty when it plans.
create or replace function stock.has_overdue(
  p_region_id smallint
)
  returns boolean
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_now timestamptz := app.now();
  v_set text := set_config('scoville.seeks_unpaid', 'yes', true);
  v_is_over boolean := exists (
      select from stock.reservations r where r.region_id = p_region_id and r.status = 'active' and r.expires_at <= v_now)
    or coalesce(v_now >= (select o.unpaid_until
                            from orders.orders o
                           where o.region_id = p_region_id and o.unpaid_until is not null
                           order by o.unpaid_until
                           limit 1), false);
begin
  v_set := set_config('scoville.seeks_unpaid', '', true);
  return v_is_over;
end
$$;

grant execute on function stock.has_overdue(smallint) to scoville_definer;
