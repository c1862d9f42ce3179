-- Whether this session looks for unpaid orders of every channel: stock.has_overdue and stock.find_overdue say so, for one look.
create or replace function app.seeks_unpaid()
  returns boolean
  language sql
  stable
  parallel safe
  return coalesce(current_setting('scoville.seeks_unpaid', true), '') = 'yes';

grant execute on function app.seeks_unpaid() to scoville_definer;
