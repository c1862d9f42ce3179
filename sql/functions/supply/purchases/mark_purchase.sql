-- Writes who changed a purchase and why, and its new status. Returns the row.
create or replace function supply.mark_purchase(
  p_purchase supply.purchases,
  p_request jsonb,
  p_reason text,
  p_status text
)
  returns supply.purchases
  language plpgsql
  volatile
  set search_path = ''
as $$
begin
  update supply.purchases p
     set status = p_status, ordered_at = case when p_reason = 'ordered' then app.now() else p.ordered_at end,
         closed_at = case when p_reason = 'closed' then app.now() end, version = p.version + 1, updated_at = app.now(),
         changed_by = coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()),
         change_reason = concat_ws(': ', p_reason, p_request ->> 'reason'),
         request_id = coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id())
   where p.region_id = p_purchase.region_id and p.purchase_id = p_purchase.purchase_id
  returning p.* into p_purchase;
  return p_purchase;
end
$$;

grant execute on function supply.mark_purchase(supply.purchases, jsonb, text, text) to scoville_definer;
