-- The SQL query of a report, or null if the report does not exist. The query reads the view in the order of the keys, with the
-- given filters, after the cursor, and returns one row more than the limit.
-- Only names from analytics.reports and the catalog become part of the text. Values are parameters: $1 the region, $2 the
-- filters, $3 the cursor, $4 the limit, $5 the first day of the month.
-- Every key is compared in ascending order: descending numbers and days are negated, and a null is Infinity.
create or replace function analytics.write_report_query(
  p_report text,
  p_filters jsonb
)
  returns text
  language plpgsql
  stable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
begin
  return (
    with report as (
      select r.* from analytics.reports r where r.report = p_report
    ), types as (
      select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as type
        from report r
        join pg_attribute a on a.attrelid = format('bi.%I', r.view)::regclass
       where a.attnum > 0
    ), members as (
      select string_agg(format('%L, ', m.member) || case
               when r.shares ? t.name then format('(sum(a.%I) / nullif(sum(a.%I), 0))::%s',
                 r.shares -> t.name ->> 0, r.shares -> t.name ->> 1, t.type)
               when t.name = any (r.sums) then format('sum(a.%I)::%s', t.name, t.type)
               else format('a.%I', t.name) end, ', ' order by m.nth) as document,
             string_agg(format('a.%I', t.name), ', ')
               filter (where r.sums is not null and not t.name = any (r.sums) and not coalesce(r.shares ? t.name, false)) as groups
        from report r
       cross join lateral (
         select split_part(i.item, ' as ', 1) as name, split_part(i.item, ' as ', -1) as member, i.nth
           from unnest(r.members) with ordinality i (item, nth)) m
        join types t on t.name = m.name
    ), keys as (
      select string_agg(case when t.type = 'text' then format('a.%I', t.name) else format('coalesce(%s%s::numeric, ''Infinity'')',
               case when k.direction = 'desc' then '-' end,
               case when t.type = 'date' then format('(a.%I - date ''2000-01-01'')', t.name) else format('a.%I', t.name) end)
               end || format(' as k%s', k.nth), ', ') as columns,
             string_agg(format('r.k%s', k.nth), ', ' order by k.nth) as names,
             string_agg(format('r.k%s::text', k.nth), ', ' order by k.nth) as texts,
             string_agg(format(case t.type when 'text' then 'c.position ->> %s' else 'app.cursor_amount(c.position ->> %s)' end, k.nth),
               ', ' order by k.nth) as position
        from report r
       cross join lateral (
         select split_part(i.item, ' ', 1) as name, split_part(i.item, ' ', 2) as direction, i.nth
           from unnest(r.keys) with ordinality i (item, nth)) k
        join types t on t.name = k.name
    ), filters as (
      select string_agg(case t.type when 'date' then format(' and a.%I = $5', t.name)
               else format(case f.comparison when '<=' then ' and a.%I <= ($2 ->> %L)::%s' else ' and a.%I = ($2 ->> %L)::%s' end,
                 t.name, f.name, t.type) end, '') as conditions
        from report r
       cross join lateral (
         select split_part(i.item, ' ', 1) as column_name, split_part(i.item, ' ', 2) as comparison,
                split_part(i.item, ' ', 3) as name
           from unnest(r.filters) i (item)) f
        join types t on t.name = f.column_name
       where p_filters ->> f.name is not null
    )
    select format($q$
select array_agg(s.document order by s.nth), (array_agg(s.position order by s.nth))[$4]
  from (select r.document, jsonb_build_array(%L, %s) as position, row_number() over (order by %s) as nth
          from (select json_build_object(%s) as document, %s
                  from bi.%I a
                 where a.region_id = $1%s%s) r
         cross join (values (app.decode_cursor(p_cursor => $3, p_list => %L, p_values => %s))) c (position)
         where c.position is null or (%s) > (%s)
         order by %s
         limit $4 + 1) s$q$,
             r.report, k.texts, k.names, m.document, k.columns, r.view, f.conditions, ' group by ' || m.groups,
             r.report, cardinality(r.keys), k.names, k.position, k.names)
      from report r, members m, keys k, filters f);
end
$$;

grant execute on function analytics.write_report_query(text, jsonb) to admin, warehouse, sales;
