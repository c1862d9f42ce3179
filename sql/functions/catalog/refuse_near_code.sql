-- The refusal of a new code that differs only by case from another one.
create or replace function catalog.refuse_near_code(
  p_pointer text,
  p_id text,
  p_other text
)
  returns api.refusal
  language sql
  immutable
  set search_path = ''
as $$
  select app.refuse(p_code => 'SK004', p_pointer => p_pointer,
           p_detail => format('%s differs only by case from %s. Use that, or another code.', p_id, p_other));
$$;

grant execute on function catalog.refuse_near_code(text, text, text) to scoville_definer;
