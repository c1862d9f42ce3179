-- Codes that someone may have meant who wrote this one: in another case; with a character too many, doubled or swapped with its
-- neighbor; with O for 0 or I for 1; without a zero or hyphen before its digits. About four per character, so that looking all of
-- them up by key costs less than writing the refusal. None for a code of more than 32 characters.
create or replace function app.list_misspellings(
  p_code text
)
  returns text[]
  language plpgsql
  immutable
  parallel safe
  set search_path = ''
as $$
begin
  if length(p_code) > 32 then
    return '{}';
  end if;
  return array[upper(p_code), lower(p_code), translate(upper(p_code), 'OI', '01')] || array(
    select v.code
      from (select upper(p_code) as code, length(p_code) as size) b
     cross join generate_series(1, b.size) i
     cross join lateral (values
       (left(b.code, i - 1) || substr(b.code, i + 1)),
       (left(b.code, i - 1) || substr(b.code, i + 1, 1) || substr(b.code, i, 1) || substr(b.code, i + 2)),
       (left(b.code, i) || substr(b.code, i)),
       (case when substr(b.code, i, 1) in ('O', 'I')
             then left(b.code, i - 1) || translate(substr(b.code, i, 1), 'OI', '01') || substr(b.code, i + 1)
             when substr(b.code, i, 1) between '0' and '9' and not substr(b.code, i - 1, 1) between '0' and '9'
             then left(b.code, i - 1) || '0' || substr(b.code, i) end),
       (case when substr(b.code, i, 1) between '0' and '9' and substr(b.code, i - 1, 1) between 'A' and 'Z'
             then left(b.code, i - 1) || '-' || substr(b.code, i) end)) v (code)
     where v.code is not null);
end
$$;

grant execute on function app.list_misspellings(text) to scoville_definer, admin, warehouse, sales, integration;
