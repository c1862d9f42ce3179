-- Whether a message is no longer sent, because it seems to kill workers: twice among others, then three times alone
-- (jobs.start_solo), so that no message sent beside it is blamed.
-- A high number of reads ends it in any case: the fault may come before the start.
create or replace function webhooks.is_poison(
  p_reads integer,
  p_solo_starts integer
)
  returns boolean
  language sql
  immutable
  parallel safe
  return p_solo_starts >= 3 or p_reads > 30;

grant execute on function webhooks.is_poison(integer, integer) to scoville_definer;
