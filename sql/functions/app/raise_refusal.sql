-- Raises a refusal, for queries and for checks that have no element to answer. Does nothing if the refusal is null. Not immutable:
-- the planner would evaluate a call with constants, and raise before anybody asked.
create or replace function app.raise_refusal(
  p_refusal api.refusal
)
  returns void
  language plpgsql
  stable
  set search_path = ''
as $$
begin
  if p_refusal.code is not null then
    raise exception using errcode = p_refusal.code, message = 'refused', detail = p_refusal.body::text;
  end if;
end
$$;

grant execute on function app.raise_refusal(api.refusal) to scoville_definer, admin, warehouse, sales, integration;
