-- The words of a search as patterns of LIKE. A word may be any part of a text, so that a code is found by its end.
create or replace function app.like_patterns(
  p_q text
)
  returns text[]
  language sql
  immutable
  parallel safe
  return (
    select coalesce(array_agg('%' || regexp_replace(w.word, '([\\%_])', '\\\1', 'g') || '%'), '{}')
      from regexp_split_to_table(app.fold(p_q), '\s+') w (word)
     where w.word <> ''
  );

grant execute on function app.like_patterns(text) to scoville_definer, admin, warehouse, sales, integration;
