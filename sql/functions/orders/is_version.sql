-- Whether If-Match names this version of an order. The tag of orders.read_order says after a dot what changes without a new version.
create or replace function orders.is_version(
  p_if_match text,
  p_version integer
)
  returns boolean
  language sql
  immutable
  parallel safe
  return p_if_match is null or p_if_match = '*' or split_part(p_if_match, '.', 1) = p_version::text;

grant execute on function orders.is_version(text, integer) to scoville_definer;
