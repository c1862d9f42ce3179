-- The refusal of the approval of this count, or null. Who counted a line does not approve a difference of it beyond the tolerance.
-- p_others: counts that are approved in the same list; a lot is corrected once in a list.
create or replace function stock.refuse_approval(
  p_region_id smallint,
  p_count stock.counts,
  p_request jsonb,
  p_others bigint[]
)
  returns api.refusal
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_id text := stock.count_public_id(p_region_id, p_count.count_id);
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_refusal api.refusal := stock.refuse_count(p_count, p_request);
  v_own bigint;
begin
  if v_refusal.code is not null then
    return v_refusal;
  elsif p_count.status <> 'review' then
    return app.refuse('TA004', format('%s lines of %s are not counted, or are to be counted again.', (
      select count(*) from stock.count_lines l
       where l.region_id = p_region_id and l.count_id = p_count.count_id and l.entry_id is null), v_id));
  elsif exists (select from stock.count_lines l
                  join stock.count_lines o on o.region_id = p_region_id and o.lot_id = l.lot_id and o.count_id = any (p_others)
                 where l.region_id = p_region_id and l.count_id = p_count.count_id) then
    return app.refuse('TA002', format('Another count of this list has a lot of %s, too. Approve one after the other.', v_id));
  end if;
  v_own := (
    select count(*)
      from stock.count_lines l
      join stock.count_entries e on e.region_id = p_region_id and e.entry_id = l.entry_id
     where l.region_id = p_region_id and l.count_id = p_count.count_id and l.status = 'counted'
       and abs(e.counted - e.on_hand_at_mark) > stock.count_tolerance(p_tolerance_units => p_count.tolerance_units,
             p_tolerance_percent => p_count.tolerance_percent, p_on_hand => e.on_hand_at_mark)
       and exists (select from stock.count_entries o
                    where o.region_id = p_region_id and o.count_id = l.count_id and o.sku_id = l.sku_id and o.lot_id = l.lot_id
                      and o.counter = v_actor));
  if v_own > 0 then
    return app.refuse('TA007', format('%s lines of %s differ by more than the tolerance, and you counted them. Let somebody else approve it.',
      v_own, v_id));
  end if;
  return null;
end
$$;

grant execute on function stock.refuse_approval(smallint, stock.counts, jsonb, bigint[]) to scoville_definer;
