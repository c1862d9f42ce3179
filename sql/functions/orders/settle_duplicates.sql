-- Corrects the refusals of duplicates once the placed drafts are known. If a draft was refused because another draft of this batch
-- has its external_id, and that draft was not placed either, the number is still free and the caller may send the order again. The
-- drafts may come from different callers whose requests a lane combined.
create or replace function orders.settle_duplicates(
  p_refusals api.result[],
  p_read orders.draft[],
  p_placed orders.draft[]
)
  returns api.result[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_at bigint;
begin
  if cardinality(p_refusals) = 0 then
    return p_refusals;
  end if;
  for v_at in
    select r.ordinality
      from unnest(p_refusals) with ordinality r
      join unnest(p_read) d on d.ordinal = r.ordinal
     where r.code = 'OR005' and r.body #>> '{errors,0,order_id}' is null
       and not exists (
         select from unnest(p_placed) p where p.channel_id = d.channel_id and p.external_id = d.external_id)
  loop
    p_refusals[v_at] := app.result_of(p_refusals[v_at].ordinal, app.refuse(p_code => 'ID002', p_pointer => '/external_id',
      p_detail => 'Another order with this number arrived at the same moment and was refused. Send yours again.'));
  end loop;
  return p_refusals;
end
$$;

grant execute on function orders.settle_duplicates(api.result[], orders.draft[], orders.draft[]) to scoville_definer;
