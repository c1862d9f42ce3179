-- Definer: nobody may change the audit; this function takes an e-mail out of it, also where an order has another one by now.
-- It belongs to the owner of the tables, and only scoville_definer may call it. Returns these orders: they may be somebody else's.
-- Few orders change their e-mail, so all audit rows of such changes are read.
create or replace function audit.erase_email(
  p_region_id smallint,
  p_email text
)
  returns bigint[]
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  v_orders bigint[];
begin
  perform set_config('scoville.erasing', 'on', true);
  with erased as (
    update audit.audit_log a
       set old = audit.impersonal(a.old), new = audit.impersonal(a.new)
     where a.region_id = p_region_id and a.table_name = 'orders.order_contacts'
       and app.casefold(p_email) in (app.casefold(a.old ->> 'email'), app.casefold(a.new ->> 'email'))
    returning a.row_key::bigint as order_id
  )
  select array_agg(distinct e.order_id order by e.order_id) into v_orders from erased e;
  perform set_config('scoville.erasing', 'off', true);
  return coalesce(v_orders, '{}');
end
$$;

grant execute on function audit.erase_email(smallint, text) to scoville_definer;
