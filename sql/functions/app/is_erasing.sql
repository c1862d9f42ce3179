-- Whether one of the functions that erase a person runs: they alone set this. Policies let the owner change append-only tables only then.
create or replace function app.is_erasing()
  returns boolean
  language sql
  stable
  parallel safe
  return current_setting('scoville.erasing', true) = 'on';
