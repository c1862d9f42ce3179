-- The refusal of a change of a locked transfer (or a row of nulls), or null: it must be the caller's, in the version that was read, and in one
-- of these statuses.
create or replace function supply.refuse_transfer(
  p_transfer supply.transfers,
  p_request jsonb,
  p_statuses text[]
)
  returns api.refusal
  language sql
  immutable
  set search_path = ''
as $$
  select case
    when p_transfer.transfer_id is null then supply.refuse_missing_transfer(p_request ->> 'transfer_id')
    when p_request ->> 'if_match' not in ('*', p_transfer.version::text) then app.refuse('ST009',
      'This transfer changed since you read it. Read it again and decide again.')
    when p_transfer.status <> all (p_statuses) then app.refuse(p_code => 'TR002', p_detail => format('Transfer %s is %s. This is possible only '
      'while it is %s.', p_request ->> 'transfer_id', replace(p_transfer.status, '_', ' '),
      replace(array_to_string(p_statuses, ' or '), '_', ' ')), p_facts => jsonb_build_object('status', p_transfer.status))
    end;
$$;

grant execute on function supply.refuse_transfer(supply.transfers, jsonb, text[]) to scoville_definer;
