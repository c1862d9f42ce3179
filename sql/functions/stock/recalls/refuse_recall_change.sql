-- The refusal of a change of a (locked) recall, or null: it exists, is open and has the version that the caller saw.
create or replace function stock.refuse_recall_change(
  p_recall stock.recalls,
  p_request jsonb
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if p_recall.recall_id is null then
    return app.refuse('RC004', format('Recall %s does not exist.', p_request ->> 'recall_id'));
  elsif p_request ->> 'if_match' not in ('*', p_recall.version::text) then
    return app.refuse('ST009', 'This recall changed since you read it. Read it again and decide again.');
  elsif p_recall.status = 'closed' then
    return app.refuse('RC002', format('Recall %s is closed.', p_request ->> 'recall_id'));
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_recall_change(stock.recalls, jsonb) to scoville_definer;
