-- A page of a report of analytics.reports, with the rows that the caller may see. Runs with the caller's rights, so a caller who may
-- not read the view of the report is refused. The plan is made for the filters and their values.
create or replace function api.read_report(
  p_region_id smallint,
  p_report text,
  p_filters jsonb,
  p_cursor text,
  p_limit integer
)
  returns table (body json, next_cursor text)
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_query text := analytics.write_report_query(p_report, p_filters);
  v_month date := date_trunc('month', (p_filters ->> 'month')::timestamp)::date;
  v_rows json[];
  v_last jsonb;
begin
  if v_query is null then
    raise exception using errcode = 'VA001', message = 'unknown report',
      detail = jsonb_build_object('detail', 'This report does not exist.')::text;
  end if;
  execute v_query into v_rows, v_last using p_region_id, p_filters, p_cursor, p_limit, v_month;
  return query select p.body, p.next_cursor from app.page_at(p_limit => p_limit, p_documents => v_rows, p_last => v_last) p;
end
$$;

comment on function api.read_report(smallint, text, jsonb, text, integer) is
  'A page of a report of analytics.reports, which defines its columns, order and filters. Any day stands for its month.
Errors: VA001';
grant execute on function api.read_report(smallint, text, jsonb, text, integer) to admin, warehouse, sales;
