-- The refusals once it is known which drafts are placed: where one was refused because another of this batch has its external_id, and
-- none of those is placed, the number is still free, and whoever sent this one may send it again. They may be requests of different
-- callers, which a lane put together.
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
      p_detail => 'Another order with this number came at the same moment and was refused. Send yours again.'));
  end loop;
  return p_refusals;
end
$$;

grant execute on function orders.settle_duplicates(api.result[], orders.draft[], orders.draft[]) to scoville_definer;
