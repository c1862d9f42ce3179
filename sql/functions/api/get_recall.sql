create or replace function api.get_recall(
  p_region_id smallint,
  p_recall_id text
)
  returns table (body json, etag text)
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return query
    select d.document, d.document ->> 'version'
      from stock.recall_documents(p_region_id, array[stock.find_recall(p_region_id, p_recall_id)]) d;
  if not found then
    raise exception using errcode = 'RC004', message = 'recall not found',
      detail = json_build_object('detail', format('Recall %s does not exist, or concerns nothing of yours.', p_recall_id))::text;
  end if;
end
$$;

comment on function api.get_recall(smallint, text) is
  'A recall: its lots with what became of their units, where they lie, the orders whose promises moved, and how much is recovered.
Errors: RC004';
grant execute on function api.get_recall(smallint, text) to admin, warehouse, sales;
