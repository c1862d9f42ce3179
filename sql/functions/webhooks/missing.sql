-- The refusal of an id that names no webhook for the caller.
create or replace function webhooks.missing(
  p_id text
)
  returns api.refusal
  language sql
  immutable
  set search_path = ''
as $$
  select app.refuse_lines(p_code => 'WH001', p_detail => format('Webhook %s does not exist or is not yours.', p_id));
$$;

grant execute on function webhooks.missing(text) to scoville_definer, admin, integration;
