-- The moments that the filters from and to name (app.read_moment). Raises VA001 if they are in the wrong order.
create or replace function app.read_range(
  p_region_id smallint,
  p_filters jsonb,
  out from_at timestamptz,
  out to_at timestamptz
)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  from_at := app.read_moment(p_region_id, p_filters ->> 'from');
  to_at := app.read_moment(p_region_id, p_filters ->> 'to');
  if to_at < from_at then
    perform app.raise_refusal(app.refuse_lines(p_code => 'VA001', p_detail => 'The query parameter ''to'' cannot be used.',
      p_errors => jsonb_build_array(jsonb_build_object('parameter', 'to', 'detail', 'Is before from: swap the two.'))));
  end if;
end
$$;

grant execute on function app.read_range(smallint, jsonb) to admin, warehouse, sales, integration;
