-- The refusal of a change of this count, or null: it does not exist for the caller, or it is closed.
create or replace function stock.refuse_count(
  p_count stock.counts,
  p_id text
)
  returns api.refusal
  language sql
  immutable
  set search_path = ''
as $$
  select case
    when p_count.count_id is null
      then app.refuse('TA001', format('Count %s does not exist, or is of a warehouse that is not yours.', p_id))
    when p_count.status in ('approved', 'canceled')
      then app.refuse('TA002', format('Count %s is %s. Plan another one.', p_id, p_count.status))
    end;
$$;

grant execute on function stock.refuse_count(stock.counts, text) to scoville_definer;
