-- The refusal of a change of this count, or null: it does not exist for the caller, changed since it was read, or is closed.
create or replace function stock.refuse_count(
  p_count stock.counts,
  p_request jsonb
)
  returns api.refusal
  language sql
  immutable
  set search_path = ''
as $$
  select case
    when p_count.count_id is null
      then app.refuse('TA001', format('Count %s does not exist, or is of a warehouse that is not yours.', p_request ->> 'count_id'))
    when p_request ->> 'if_match' not in ('*', p_count.version::text)
      then app.refuse('ST009', 'This count changed since you read it. Read it again and decide again.')
    when p_count.status in ('approved', 'canceled')
      then app.refuse('TA002', format('Count %s is %s. Plan another one.', p_request ->> 'count_id', p_count.status))
    end;
$$;

grant execute on function stock.refuse_count(stock.counts, jsonb) to scoville_definer;
