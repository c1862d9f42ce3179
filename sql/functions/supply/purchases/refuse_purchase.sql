-- The refusal of a change of a purchase, or null: it must exist for the caller, be the version that the caller saw, and be in one of p_statuses
-- and not closed.
create or replace function supply.refuse_purchase(
  p_purchase supply.purchases,
  p_request jsonb,
  p_statuses text[]
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_purchase.purchase_id is null
      then app.refuse('SU001', format('Purchase %s does not exist, or is for a warehouse that is not yours.', p_request ->> 'purchase_id'))
    when p_request ->> 'if_match' <> '*' and p_request ->> 'if_match' <> p_purchase.version::text
      then app.refuse('ST009', format('%s changed since you read it. Read it again and decide again.', p_request ->> 'purchase_id'))
    when p_purchase.status <> all (p_statuses) or p_purchase.closed_at is not null
      then app.refuse(p_code => 'SU002', p_detail => format('Purchase %s is %s. This is possible only while it is %s.',
        p_request ->> 'purchase_id', case when p_purchase.closed_at is null then replace(p_purchase.status, '_', ' ') else 'closed' end,
        replace(array_to_string(p_statuses, ' or '), '_', ' ')), p_facts => jsonb_build_object('status', p_purchase.status))
    end;
$$;

grant execute on function supply.refuse_purchase(supply.purchases, jsonb, text[]) to scoville_definer;
