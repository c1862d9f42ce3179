-- A date YYMMDD, or null if there is no such day. Day 00 is the last one of the month. The century is the one that brings the year
-- nearest to today: from 49 years back to 50 ahead (GS1 General Specifications, 7.12).
create or replace function catalog.gs1_date(
  p_digits text,
  p_today date
)
  returns date
  language plpgsql
  immutable
  parallel safe
  set search_path = ''
as $$
declare
  v_now integer := extract(year from p_today);
  v_year integer;
  v_day integer;
  v_first date;
  v_last date;
begin
  if p_digits is null or p_digits !~ '^[0-9]{2}(0[1-9]|1[0-2])[0-9]{2}$' then
    return null;
  end if;
  v_year := v_now - v_now % 100 + left(p_digits, 2)::integer;
  v_year := v_year + case when v_year - v_now > 50 then -100 when v_year - v_now < -49 then 100 else 0 end;
  v_day := right(p_digits, 2);
  v_first := make_date(v_year, substr(p_digits, 3, 2)::integer, 1);
  v_last := v_first + interval '1 month - 1 day';
  return case when v_day = 0 then v_last when v_first + v_day - 1 <= v_last then v_first + v_day - 1 end;
end
$$;

grant execute on function catalog.gs1_date(text, date) to scoville_definer;
