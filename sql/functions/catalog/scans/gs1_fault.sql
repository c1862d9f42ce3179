-- What is wrong with the value of a field, or null.
create or replace function catalog.gs1_fault(
  p_ai text,
  p_value text,
  p_today date
)
  returns text
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select format('(%s) %s %s', p_ai, regexp_replace(p_value, '[^!-~ ]', '?', 'g'), v.fault)
    from catalog.gs1_fields() f
   cross join lateral (select case
     when length(p_value) not between f.length_min and f.length_max then format('has %s characters, not %s', length(p_value),
       case f.length_min when f.length_max then f.length_max::text else f.length_min || ' to ' || f.length_max end)
     when f.kind <> 'text' and p_value !~ '^[0-9]+$' then 'is no number'
     when f.kind = 'checked' and not catalog.is_checked(p_value) then 'has a wrong check digit'
     when f.kind = 'date' and catalog.gs1_date(p_value, p_today) is null then 'is no day'
     when p_value !~ '^[!"%&''()*+,./0-9:;<=>?A-Z_a-z-]+$' then 'has characters that a field cannot have'
     end) v (fault)
   where f.ai = p_ai and v.fault is not null;
$$;

grant execute on function catalog.gs1_fault(text, text, date) to scoville_definer;
