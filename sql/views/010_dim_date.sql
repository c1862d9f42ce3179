create or replace view bi.dim_date with (security_invoker = true, security_barrier = true) as
select d.date_on, extract(year from d.date_on)::integer as year, extract(quarter from d.date_on)::integer as quarter,
       extract(month from d.date_on)::integer as month, date_trunc('month', d.date_on::timestamp)::date as month_on,
       to_char(d.date_on, 'FMMonth') as month_name, extract(isoyear from d.date_on)::integer as iso_year,
       extract(week from d.date_on)::integer as iso_week, extract(isodow from d.date_on)::integer as iso_weekday,
       to_char(d.date_on, 'FMDay') as weekday_name, extract(isodow from d.date_on) >= 6 as is_weekend
  from (select app.calendar_begins_on() + n as date_on
          from generate_series(0, make_date(extract(year from current_date)::integer + 1, 12, 31) - app.calendar_begins_on()) as s (n)) d;

comment on view bi.dim_date is 'One row per day, from 2015 to the end of next year.';
comment on column bi.dim_date.date_on is 'The day.';
comment on column bi.dim_date.year is 'Year.';
comment on column bi.dim_date.quarter is 'Quarter, 1 to 4.';
comment on column bi.dim_date.month is 'Month, 1 to 12.';
comment on column bi.dim_date.month_on is 'The first day of its month. Views by month are grouped by it.';
comment on column bi.dim_date.month_name is 'English name of the month.';
comment on column bi.dim_date.iso_year is 'The year of its ISO week.';
comment on column bi.dim_date.iso_week is 'ISO week, 1 to 53.';
comment on column bi.dim_date.iso_weekday is '1 for Monday to 7 for Sunday.';
comment on column bi.dim_date.weekday_name is 'English name of the weekday.';
comment on column bi.dim_date.is_weekend is 'Saturday or Sunday.';
grant select on bi.dim_date to bi_reader;
