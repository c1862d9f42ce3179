-- The items of deliveries that were not refused.
create or replace function supply.drop_deliveries(
  p_drafts stock.draft[],
  p_refusals api.result[]
)
  returns stock.draft[]
  language sql
  immutable
  set search_path = ''
as $$
  select array(select d from unnest(p_drafts) d
                where (d.element ->> 'request')::integer <> all (array(select r.ordinal from unnest(p_refusals) r)) order by d.ordinal);
$$;

grant execute on function supply.drop_deliveries(stock.draft[], api.result[]) to scoville_definer;
