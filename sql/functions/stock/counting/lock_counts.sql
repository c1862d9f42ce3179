-- Locks the counts that these requests name, and returns them.
-- Lock order: stock.counts by id, after the transfers.
create or replace function stock.lock_counts(
  p_region_id smallint,
  p_ids text[]
)
  returns setof stock.counts
  language sql
  volatile
  set search_path = ''
as $$
  select c.*
    from stock.counts c
   where c.region_id = p_region_id
     and c.count_id = any (array(select stock.find_count(p_region_id, i) from unnest(p_ids) i))
   order by c.count_id
     for no key update of c;
$$;

grant execute on function stock.lock_counts(smallint, text[]) to scoville_definer;
