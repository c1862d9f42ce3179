-- The refusal of the time zone that a write names, or null. The name must be written as the time zone database writes it.
create or replace function catalog.refuse_zone(
  p_time_zone text
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case when p_time_zone <> 'UTC' and not exists (
      select from pg_catalog.pg_timezone_names z
       where z.name = p_time_zone and z.name ~ '^[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+)+$')
    then app.refuse(p_code => 'VA001', p_pointer => '/time_zone', p_detail => format(
      'There is no time zone %s.%s Write a name of the time zone database, such as America/Chicago, or UTC.', p_time_zone,
      catalog.suggest_zone(p_time_zone))) end;
$$;

grant execute on function catalog.refuse_zone(text) to scoville_definer;
