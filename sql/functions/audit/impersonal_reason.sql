-- The reason of a change without free text, which may name a person: only words of our own stay.
create or replace function audit.impersonal_reason(
  p_reason text
)
  returns text
  language sql
  immutable
  parallel safe
  return case
    when split_part(p_reason, ': ', 1) in ('placed', 'modified', 'canceled', 'fulfilled', 'corrected', 'parcel corrected', 'erased',
      'created', 'extended', 'committed', 'released', 'expired', 'confirmed',
      'held', 'supplied', 'reallocated', 'backordered', 'parcel canceled', 'unpaid', 'requested',
      'approved', 'refused', 'received', 'closed') then split_part(p_reason, ': ', 1)
  end;

grant execute on function audit.impersonal_reason(text) to scoville_definer;
