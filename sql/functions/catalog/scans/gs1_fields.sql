-- The application identifiers that scans may have (GS1 General Specifications, section 3), the length of their values, and what these are.
-- Fixed ones end by themselves; the others end at a separator or with the data.
create or replace function catalog.gs1_fields()
  returns table (ai text, length_min integer, length_max integer, kind text)
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  values ('00', 18, 18, 'checked'), ('01', 14, 14, 'checked'), ('02', 14, 14, 'checked'), ('11', 6, 6, 'date'), ('15', 6, 6, 'date'),
         ('17', 6, 6, 'date'), ('10', 1, 20, 'text'), ('21', 1, 20, 'text'), ('240', 1, 30, 'text'), ('30', 1, 8, 'digits'),
         ('37', 1, 8, 'digits');
$$;

grant execute on function catalog.gs1_fields() to scoville_definer;
