-- Applies a merge patch to a document (RFC 7396): a null removes the member, an object is merged, anything else replaces.
create or replace function app.merge_patch(
  p_target jsonb,
  p_patch jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select case when jsonb_typeof(p_patch) <> 'object' then p_patch else (
    select coalesce(jsonb_object_agg(m.key, case when p.value is null then t.value
                                                             else app.merge_patch(t.value, p.value) end), '{}')
      from jsonb_each(case jsonb_typeof(p_target) when 'object' then p_target else '{}' end) t
      full join jsonb_each(p_patch) p on p.key = t.key
     cross join lateral (select coalesce(p.key, t.key)) m (key)
     where p.value is distinct from 'null'
  ) end;
$$;

grant execute on function app.merge_patch(jsonb, jsonb) to scoville_definer;
