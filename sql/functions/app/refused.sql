-- The result of an element that is refused.
create or replace function app.refused(
  p_ordinal integer,
  p_refusal api.refusal
)
  returns api.result
  language sql
  immutable
  parallel safe
  return app.new_result(p_ordinal => p_ordinal, p_code => (p_refusal).code, p_body => (p_refusal).body::json);

grant execute on function app.refused(integer, api.refusal) to scoville_definer;
