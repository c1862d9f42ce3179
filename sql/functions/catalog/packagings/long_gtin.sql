-- A GTIN of 8, 12, 13 or 14 digits with its check digit, as 14 digits; null for everything else. UPC-A, EAN-13 and GTIN-14 carry the
-- same number with other leading zeros.
create or replace function catalog.long_gtin(
  p_text text
)
  returns text
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select case when p_text ~ '^([0-9]{8}|[0-9]{12,14})$' and catalog.is_checked(p_text) then lpad(p_text, 14, '0') end;
$$;

grant execute on function catalog.long_gtin(text) to scoville_definer;
