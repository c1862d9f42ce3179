-- Whether a message is to be sent no more, since workers seem to die of it: twice in company, then three times all by itself
-- (jobs.start_solo), so that nothing else is blamed that merely was under way beside it. So many reads end it whatever happens:
-- something may be wrong with it that comes before the start.
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
