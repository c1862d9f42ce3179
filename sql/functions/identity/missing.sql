-- The refusal of a path that names no client.
create or replace function identity.missing(
  p_client_id text
)
  returns api.refusal
  language sql
  immutable
  set search_path = ''
as $$
  select app.refuse_lines(p_code => 'ID004', p_detail => format('Client %s does not exist.', p_client_id));
$$;

grant execute on function identity.missing(text) to scoville_definer, admin;
