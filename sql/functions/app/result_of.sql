-- The result of one element: its refusal, or its document if nothing was refused.
create or replace function app.result_of(
  p_ordinal integer,
  p_refusal api.refusal,
  p_document json default null
)
  returns api.result
  language sql
  immutable
  parallel safe
  return app.new_result(p_ordinal => p_ordinal, p_code => (p_refusal).code, p_body => coalesce((p_refusal).body::json, p_document));

grant execute on function app.result_of(integer, api.refusal, json) to scoville_definer;
