-- A page of a list that has read one document more than the limit if the list has a next page. The next page begins after p_last,
-- the position of the document at the limit: the name of the list, then its sort keys as text.
create or replace function app.page_at(
  p_limit integer,
  p_documents json[],
  p_last jsonb,
  out body json,
  out next_cursor text
)
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  if cardinality(p_documents) > p_limit then
    next_cursor := app.encode_cursor(p_last);
  end if;
  body := json_build_object(
    'data', coalesce(array_to_json(p_documents[:p_limit]), '[]'), 'next_cursor', next_cursor);
end
$$;

grant execute on function app.page_at(integer, json[], jsonb) to admin, warehouse, sales, integration;
