-- Text by which people search: without the difference of case, without accents, in the plain form of letters that have variants
-- (NFKD: ligatures, full-width letters, spaces). Only the combining marks of alphabets go; those of other scripts make letters.
create or replace function app.fold(
  p_text text
)
  returns text
  language sql
  immutable
  parallel safe
  return case
    when octet_length(p_text) = length(p_text) then lower(p_text collate "C")
    else replace(replace(translate(app.casefold(regexp_replace(normalize(p_text, nfkd) collate "C",
      '[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]', '', 'g')),
      'øłđħŧı', 'oldhti'), 'æ', 'ae'), 'œ', 'oe')
  end;

grant execute on function app.fold(text) to scoville_definer, admin, warehouse, sales, integration;
