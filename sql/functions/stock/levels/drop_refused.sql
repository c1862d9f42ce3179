-- The drafts that were not refused.
create or replace function stock.drop_refused(
  p_drafts stock.draft[],
  p_refusals api.result[]
)
  returns stock.draft[]
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

grant execute on function stock.drop_refused(stock.draft[], api.result[]) to scoville_definer;
