-- The orders whose customer has this e-mail. The search key knows no accents; an erasure cannot be taken back, so the e-mail itself
-- decides, without the difference of case.
create or replace function orders.find_by_email(
  p_region_id smallint,
  p_email text
)
  returns bigint[]
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  return array(
    select c.order_id
      from orders.order_contacts c
     where c.region_id = p_region_id and c.email_key = app.fold(p_email) and app.casefold(c.email) = app.casefold(p_email)
     order by c.order_id);
end
$$;

grant execute on function orders.find_by_email(smallint, text) to scoville_definer;
