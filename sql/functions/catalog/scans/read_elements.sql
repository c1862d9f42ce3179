-- Every reading of an element string: the fields with their values, and what is wrong with them. rest: what no field explains. A
-- variable field ends at a separator. Where none follows, it may end with the data or before any field that begins there: with
-- p_marked (the scanner sends separators), only before one of a fixed length, because a label without separators may still have those
-- behind it. No field comes twice.
create or replace function catalog.read_elements(
  p_text text,
  p_marked boolean,
  p_today date
)
  returns table (fields jsonb, faults text[], rest text)
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  with recursive steps (fields, faults, rest, ended) as (
    select '{}'::jsonb, '{}'::text[], p_text, true
    union all
    select s.fields || jsonb_build_object(f.ai, v.value), 
           s.faults || array_remove(array[catalog.gs1_fault(p_ai => f.ai, p_value => v.value, p_today => p_today)], null),
           r.rest, f.length_min = f.length_max or r.whole
      from steps s
      join catalog.gs1_fields() f on starts_with(s.rest, f.ai) and not s.fields ? f.ai
     cross join lateral (select substr(s.rest, length(f.ai) + 1) as text, strpos(s.rest, chr(29)) > 0 as separated) a
     cross join lateral (select split_part(a.text, chr(29), 1) as text) g
     cross join lateral (
       select n.length
         from generate_series(1, least(length(g.text), 40)) n (length)
        where case
          when f.length_min = f.length_max then n.length = least(f.length_max, length(g.text))
          when n.length = length(g.text) then true
          else not a.separated and n.length <= f.length_max and exists (
            select from catalog.gs1_fields() o
             where starts_with(substr(g.text, n.length + 1), o.ai) and not s.fields ? o.ai and o.ai <> f.ai
               and (o.length_min = o.length_max or not p_marked)
               and length(g.text) - n.length - length(o.ai) >= o.length_min) end) l
     cross join lateral (select left(g.text, l.length) as value) v
     cross join lateral (
       select regexp_replace(substr(a.text, l.length + 1), '^' || chr(29), '') as rest, l.length = length(g.text) as whole) r
     where s.rest <> ''
  )
  select s.fields, s.faults, s.rest from steps s where s.fields <> '{}'
   limit 5000;
$$;

grant execute on function catalog.read_elements(text, boolean, date) to scoville_definer;
