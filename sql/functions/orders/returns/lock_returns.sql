-- Locks returns for a change.
-- Lock order: returns in key order, after levels, lots and orders.
create or replace function orders.lock_returns(
  p_region_id smallint,
  p_return_ids bigint[]
)
  returns void
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  perform from orders.returns r
   where r.region_id = p_region_id and r.return_id = any (p_return_ids)
   order by r.return_id
     for no key update;
end
$$;

grant execute on function orders.lock_returns(smallint, bigint[]) to scoville_definer;
