-- The members of p_row that differ from p_other; the whole row if p_other is null.
create or replace function audit.differences(
  p_row jsonb,
  p_other jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return case when p_row is null or p_other is null then p_row else (
    select coalesce(jsonb_object_agg(f.key, f.value), '{}')
      from jsonb_each(p_row) f
     where p_other -> f.key is distinct from f.value
  ) end;

grant execute on function audit.differences(jsonb, jsonb) to scoville_definer;
