-- Whether every word of a search (p_q) occurs in a text, in any order, whatever the case and the accents. Without words, every
-- text does. The planner puts this expression in place of the call, so the patterns are made once per query.
create or replace function app.matches(
  p_q text,
  p_text text
)
  returns boolean
  language sql
  immutable
  parallel safe
  return app.fold(p_text) like all (app.like_patterns(p_q));

grant execute on function app.matches(text, text) to scoville_definer, admin, warehouse, sales, integration;
