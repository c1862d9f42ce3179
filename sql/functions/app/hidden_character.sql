-- The first character of a text that nobody sees (control, format, direction of writing, line), as U+200B; null if there is none.
-- Two labels that differ only by such a character look like one.
create or replace function app.hidden_character(
  p_text text
)
  returns text
  language sql
  immutable
  parallel safe
  return 'U+' || upper(lpad(to_hex(ascii(substring(p_text collate "C" from
    '[\u0001-\u001f\u007f-\u009f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]'
    ))), 4, '0'));

grant execute on function app.hidden_character(text) to scoville_definer;
