-- A label for a Zebra printer: GS1 DataMatrix, GS1-128, and the text for people. p_elements: an element string. ^BX and ^BC have their own
-- escapes: _1 and >8 are FNC1, __ is an underscore, >0 is a greater-than sign.
create or replace function stock.label_zpl(
  p_elements text,
  p_text text,
  p_name text
)
  returns text
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select concat_ws(E'\n', '^XA', '^CI28',
           '^FO40,40^A0N,32,32^FD' || left(translate(p_name, '^~' || chr(10) || chr(13), '    '), 48) || '^FS',
           '^FO40,90^BXN,6,200,,,,_^FD_1' || replace(replace(p_elements, '_', '__'), chr(29), '_1') || '^FS',
           '^FO40,300^BY2^BCN,120,N,N,N^FD>:>8' || replace(replace(p_elements, '>', '>0'), chr(29), '>8') || '^FS',
           '^FO40,440^A0N,26,26^FD' || p_text || '^FS', '^XZ');
$$;

grant execute on function stock.label_zpl(text, text, text) to scoville_definer;
