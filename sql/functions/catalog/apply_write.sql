-- The document that a write makes of the existing one (p_old, or null). p_defaults: the members that a new row has unless the
-- write sets them.
create or replace function catalog.apply_write(
  p_write catalog.write,
  p_old jsonb,
  p_defaults jsonb
)
  returns jsonb
  language sql
  immutable
  set search_path = ''
as $$
  select case p_write.mode
    when 'put' then coalesce(p_old, '{}') || p_defaults || p_write.element
    when 'patch' then p_defaults || app.merge_patch(p_old, p_write.element)
    when 'retire' then p_old || '{"active": false}'
    else coalesce(p_old, p_defaults) || p_write.element
  end;
$$;

grant execute on function catalog.apply_write(catalog.write, jsonb, jsonb) to scoville_definer;
