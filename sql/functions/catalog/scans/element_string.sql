-- The element string of a scan: without symbology identifier, each variable field ended by a separator (0x1D) where the data ends it.
-- Reads the form for people, (01)...(10)..., and links, https://.../01/.../10/...?17=...: both end every field. p_separator: what the
-- scanner sends instead of 0x1D. Null: none of the forms, so the text itself is looked up.
create or replace function catalog.element_string(
  p_text text,
  p_separator text
)
  returns text
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select case
    when t.text ~ '^\((00|01|02|10|11|15|17|21|240|30|37)\)'
      then substr(regexp_replace(t.text, '\((00|01|02|10|11|15|17|21|240|30|37)\)', chr(29) || '\1', 'g'), 2) || chr(29)
    when t.text ~* '^https?://[^/?#]+(/[^?#]*)?/01/[0-9]{8,14}([/?#]|$)' then (
      select string_agg(m.part[1] || case m.part[1] when '01' then lpad(d.value, 14, '0') else d.value end || chr(29), '' order by m.nth)
        from regexp_matches(regexp_replace(t.text, '^https?://[^/?#]+|#.*$', '', 'gi'),
               '[/?&](00|01|10|11|15|17|21|240|30|37)[/=]([^/?&]+)', 'g') with ordinality m (part, nth)
       cross join lateral (
         select string_agg(case when c.piece[1] ~ '^%[2-7][0-9A-Fa-f]$' then chr(('x' || substr(c.piece[1], 2))::bit(8)::integer)
                                else c.piece[1] end, '' order by c.nth)
           from regexp_matches(m.part[2], '%[2-7][0-9A-Fa-f]|[^%]+|%', 'g') with ordinality c (piece, nth)) d (value))
    when t.text ~ '^[0-9]{2}' then t.text
  end
    from (select regexp_replace(case when p_separator <> '' then replace(p_text, p_separator, chr(29)) else p_text end,
                   '^(\][A-Za-z][0-9A-Za-z])?' || chr(29) || '?', '')) t (text);
$$;

grant execute on function catalog.element_string(text, text) to scoville_definer;
