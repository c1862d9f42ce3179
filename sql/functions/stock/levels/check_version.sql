-- The draft, refused if its caller decided on another version (If-Match) than the one now locked.
create or replace function stock.check_version(
  p_region_id smallint,
  p_draft stock.draft
)
  returns stock.draft
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if p_draft.if_match <> '*' and p_draft.if_match <> stock.sku_etag(p_region_id, p_draft.sku_id) then
    p_draft.code := 'ST009';
    p_draft.body := app.refusal('This SKU changed since you read it. Read it again and decide anew.', '');
  end if;
  return p_draft;
end
$$;

grant execute on function stock.check_version(smallint, stock.draft) to scoville_definer;
