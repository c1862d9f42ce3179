-- Whether the last of these digits is the check digit of the others (GS1 General Specifications, 7.9.1): weights 3 and 1 in turns, from
-- the right.
create or replace function catalog.is_checked(
  p_digits text
)
  returns boolean
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select p_digits ~ '^[0-9]+$' and (
    select sum(d.digit::integer * case when d.nth % 2 = 0 then 3 else 1 end) % 10 = 0
      from string_to_table(reverse(p_digits), null) with ordinality d (digit, nth));
$$;

grant execute on function catalog.is_checked(text) to scoville_definer;
