-- Definer: analysts cannot read the table of logins; policies ask this function to which warehouses a login is bound.
-- Returns the warehouses of an analyst whose login is bound to some; null (which equals nothing) for any other login. It reads
-- session_user, which no session can set: a BI login runs any SQL, so its own claim would prove nothing.
-- Its cost is set high, so that the planner looks rows up by an index with its result instead of calling it for each row.
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
