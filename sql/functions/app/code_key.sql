-- The key by which labels are one or two: neither case nor the kind and the number of spaces makes a difference.
create or replace function app.code_key(
  p_text text
)
  returns text
  language sql
  immutable
  parallel safe
  return app.casefold(regexp_replace(app.clean(p_text) collate "C",
    '[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+', ' ', 'g'));

grant execute on function app.code_key(text) to scoville_definer, admin;
