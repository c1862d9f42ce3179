-- The drafts that were not refused.
create or replace function orders.drop_refused(
  p_drafts orders.draft[],
  p_refusals api.result[]
)
  returns orders.draft[]
  language plpgsql
  immutable
  set search_path = ''
as $$
begin
  if cardinality(p_refusals) = 0 then
    return p_drafts;
  end if;
  return array(
    select d from unnest(p_drafts) d
     where d.ordinal <> all (array(select r.ordinal from unnest(p_refusals) r))
     order by d.ordinal);
end
$$;

grant execute on function orders.drop_refused(orders.draft[], api.result[]) to scoville_definer;
