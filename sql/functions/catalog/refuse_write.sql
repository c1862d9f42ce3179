-- The refusal of a write against the existing document (p_old, or null), or null.
-- A caller that replaces a row must have seen it: PUT must name the version (If-Match); the other modes may.
create or replace function catalog.refuse_write(
  p_write catalog.write,
  p_noun text,
  p_old jsonb
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_old is null and p_write.mode in ('patch', 'retire') then catalog.missing(p_noun, p_write.id)
    when p_old is null and p_write.if_match is not null then app.refuse(p_code => 'ST009',
      p_detail => format('%s does not exist, so nothing matches. Leave If-Match out to create it.', p_write.id))
    when p_old is null and p_write.id !~ case p_noun when 'reason-codes' then '^[a-z][a-z0-9_]{0,39}$'
                                                     else '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' end
      then app.refuse(p_code => 'VA001', p_detail => format(
        'The path does not end in a valid code of /v1/%s: %s.', p_noun, case p_noun when 'reason-codes'
          then 'use lowercase letters, digits and underscores, at most 40, a letter first'
          else 'use letters, digits, dot, underscore and hyphen, at most 64, a letter or digit first' end))
    when p_old is not null and p_write.if_none_match = '*' then app.refuse(p_code => 'SK002',
      p_detail => format('%s already exists. Leave If-None-Match out to change it.', p_write.id))
    when p_old is not null and p_write.mode = 'put' and p_write.if_match is null then app.refuse(p_code => 'SK003',
      p_detail => format('%s already exists. Send the ETag that you saw as If-Match to replace it, or PATCH it.', p_write.id))
    when p_old is not null and p_write.if_match <> '*' and p_write.if_match <> p_old ->> 'version' then app.refuse(p_code => 'ST009',
      p_detail => format('%s changed since you read it. Read it again and decide again.', p_write.id))
  end;
$$;

grant execute on function catalog.refuse_write(catalog.write, text, jsonb) to scoville_definer;
