-- What the register of erasures keeps of an e-mail: a pseudonym of its own kind, so that it equals none of an order.
create or replace function orders.register_hash(
  p_key bytea,
  p_email text
)
  returns uuid
  language sql
  stable
  parallel safe
  return orders.pseudonym(p_key, 'erased ' || app.casefold(p_email));

grant execute on function orders.register_hash(bytea, text) to scoville_definer;
