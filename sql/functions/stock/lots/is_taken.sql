-- Whether a reason that takes these units (catalog.reason_codes.takes) takes units of this lot: its effective status, and whether its
-- expiry date has passed. A quarantined lot can be past its date as well: both say the truth about it.
create or replace function stock.is_taken(
  p_takes text,
  p_sellable boolean,
  p_status text,
  p_is_past boolean
)
  returns boolean
  language sql
  immutable
  parallel safe
  return case p_takes when 'sellable' then p_sellable when 'expired' then p_is_past when 'recalled' then p_status = 'recalled'
                      else true end;

grant execute on function stock.is_taken(text, boolean, text, boolean) to scoville_definer;
