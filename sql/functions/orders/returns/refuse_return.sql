-- The refusal of a step of a return that the caller may not take now, or null: the return does not exist for the caller, has another
-- version, or is not in one of these states.
create or replace function orders.refuse_return(
  p_return orders.returns,
  p_request jsonb,
  p_statuses text[]
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_return.return_id is null then app.refuse_lines('RT001', format('Return %s does not exist or is not yours.',
      p_request ->> 'return_id'))
    when p_request ->> 'if_match' not in ('*', p_return.version::text)
      then app.refuse('ST009', 'This return changed since you read it. Read it again and decide again.')
    when p_return.status <> all (p_statuses) then app.refuse_lines('RT003', format('Return %s is %s. This needs one that is %s.',
      p_request ->> 'return_id', p_return.status, array_to_string(p_statuses, ' or ')))
  end;
$$;

grant execute on function orders.refuse_return(orders.returns, jsonb, text[]) to scoville_definer;
