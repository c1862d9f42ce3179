-- The end of a sentence about an unknown time zone: the zone that may have been meant, or nothing. The one with the most pairs of letters
-- in common, compared with the whole name and with its last part: people write the city.
create or replace function catalog.suggest_zone(
  p_time_zone text
)
  returns text
  language sql
  stable
  set search_path = ''
as $$
  with wanted as (
    select lower(translate(p_time_zone, ' -', '__')) as name
  ), names as (
    select z.name, f.form, array(select substr(f.form, i, 2) from generate_series(1, length(f.form) - 1) i) as pairs
      from pg_catalog.pg_timezone_names z
     cross join lateral (values (lower(z.name)), (lower(split_part(z.name, '/', -1)))) f (form)
     where z.name ~ '^[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+)+$'
  ), scores as (
    select n.name, 2.0 * (select count(*) from unnest(n.pairs) p (pair) where strpos(w.name, p.pair) > 0)
                     / nullif(cardinality(n.pairs) + length(w.name) - 1, 0) as score
      from names n
     cross join wanted w
  )
  select coalesce((
    select format(' Did you mean %s?', s.name) from scores s where s.score >= 0.7 order by s.score desc, s.name limit 1), '');
$$;

grant execute on function catalog.suggest_zone(text) to scoville_definer;
