-- Ends a query whose path names nothing of the catalogue.
create or replace function catalog.raise_missing(
  p_noun text,
  p_id text
)
  returns void
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_missing jsonb := catalog.missing(p_noun, p_id);
begin
  raise exception using errcode = v_missing ->> 'code', message = 'not in the catalogue', detail = (v_missing -> 'body')::text;
end
$$;

grant execute on function catalog.raise_missing(text, text) to admin, warehouse, sales, integration;
