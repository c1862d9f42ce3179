-- The status of a count that is not closed, by its lines.
create or replace function stock.open_status(
  p_region_id smallint,
  p_count_id bigint
)
  returns text
  language sql
  stable
  set search_path = ''
as $$
  select case when bool_and(l.status = 'approved') then 'approved' when bool_and(l.status in ('counted', 'approved')) then 'review'
              when bool_or(l.status <> 'open' or l.round > 1) then 'counting' else 'planned' end
    from stock.count_lines l
   where l.region_id = p_region_id and l.count_id = p_count_id;
$$;

grant execute on function stock.open_status(smallint, bigint) to scoville_definer;
