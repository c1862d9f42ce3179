-- Whether a line of an order is a bundle.
create or replace function orders.has_bundles(
  p_region_id smallint,
  p_order_id bigint
)
  returns boolean
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return exists (
    select from orders.order_lines l
     where l.region_id = p_region_id and l.order_id = p_order_id and l.components is not null);
end
$$;

grant execute on function orders.has_bundles(smallint, bigint) to scoville_definer;
