-- Text of a label as it is stored: composed (NFC) and without white space at its ends, which scanners and people add.
create or replace function app.clean(
  p_text text
)
  returns text
  language sql
  immutable
  parallel safe
  return regexp_replace(normalize(p_text, nfc) collate "C",
    '^[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+'
    '|[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+$', '', 'g');

grant execute on function app.clean(text) to scoville_definer, admin;
