-- Definer: analysts cannot read the table of logins; policies ask this to which warehouses a login is bound.
-- The warehouses of an analyst whose login is bound to some; null (which equals nothing) for any other. By who logged in, and by
-- nothing that a session can set: a login of BI tools runs any SQL, so a claim of its own would be worth nothing.
-- Expensive, says its cost, so that the planner looks rows up by an index with it rather
-- than calling it for each.
create or replace function bi.own_warehouses()
  returns text[]
  language sql
  stable
  parallel safe
  security definer
  cost 10000
  return (select b.warehouse_ids from identity.bi_logins b where b.login = session_user and b.warehouse_ids <> '{}');

alter function bi.own_warehouses() owner to scoville_definer;
grant execute on function bi.own_warehouses() to bi_reader, scoville_definer;
