-- A page of a list that sorts by one text: at most p_limit documents, and the cursor of the next page if the list has read one
-- document more than that.
create or replace function app.page(
  p_list text,
  p_key text,
  p_limit integer,
  p_documents json[],
  out body json,
  out next_cursor text
)
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  select p.body, p.next_cursor
    into body, next_cursor
    from app.page_at(p_limit => p_limit, p_documents => p_documents,
           p_last => jsonb_build_array(p_list, p_documents[p_limit] ->> p_key)) p;
end
$$;

grant execute on function app.page(text, text, integer, json[]) to admin, warehouse, sales, integration;
