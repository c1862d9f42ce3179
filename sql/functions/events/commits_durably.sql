-- Whether a commit of this session waits for its WAL.
create or replace function events.commits_durably()
  returns boolean
  language sql
  stable
  return current_setting('synchronous_commit') <> 'off';

grant execute on function events.commits_durably() to scoville_definer;
