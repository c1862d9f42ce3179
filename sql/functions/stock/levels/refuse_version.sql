-- The refusal of a draft whose If-Match names another version than the locked one.
create or replace function stock.refuse_version(
  p_region_id smallint,
  p_draft stock.draft
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if p_draft.if_match <> '*' and p_draft.if_match <> stock.sku_etag(p_region_id, p_draft.sku_id) then
    return app.refuse('ST009', 'This SKU changed since you read it. Read it again and decide again.');
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_version(smallint, stock.draft) to scoville_definer;
