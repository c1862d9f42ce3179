-- An order as it was inserted: the present row, with the former value of each member that a later update changed. The audit row of a new
-- order keeps no copy, because this tells the same, and every order would pay for it.
create or replace function audit.inserted_order(
  p_region_id smallint,
  p_order_id bigint
)
  returns jsonb
  language sql
  stable
  set search_path = ''
as $$
  select to_jsonb(o) || coalesce((
           select jsonb_object_agg(f.key, f.value)
             from (select distinct on (m.key) m.key, m.value
                     from audit.audit_log u
                    cross join lateral jsonb_each(u.old) m
                    where u.region_id = p_region_id and u.table_name = 'orders.orders' and u.row_key = p_order_id::text
                      and u.action = 'update'
                    order by m.key, u.audit_id) f), '{}')
    from orders.orders o
   where o.region_id = p_region_id and o.order_id = p_order_id;
$$;

grant execute on function audit.inserted_order(smallint, bigint) to admin;
