-- A draft that was refused because one before it in this batch has its external_id: where none of those was placed, the number is
-- still free, and whoever sent this one may send it again. They may be requests of different callers, which a lane put together.
create or replace function orders.settle_duplicates(
  p_drafts orders.draft[]
)
  returns orders.draft[]
  language plpgsql
  stable
  set search_path = ''
as $$
declare
  v_free integer[] := array(
    select d.ordinality
      from unnest(p_drafts) with ordinality d
     where d.code = 'OR005' and d.body #>> '{errors,0,order_id}' is null
       and not exists (
         select from unnest(p_drafts) p
          where p.order_id is not null and p.channel_id = d.channel_id and p.external_id = d.external_id));
  v_at integer;
begin
  foreach v_at in array v_free loop
    p_drafts[v_at].code := 'ID002';
    p_drafts[v_at].body := app.refusal(
      'Another order with this number came at the same moment and was refused. Send yours again.', '/external_id');
  end loop;
  return p_drafts;
end
$$;

grant execute on function orders.settle_duplicates(orders.draft[]) to scoville_definer;
