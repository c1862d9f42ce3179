-- The old or new members of an audit row without the person: such members are null, so the row still tells that they changed.
create or replace function audit.impersonal(
  p_row jsonb
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return case when p_row is null then null else (
    select coalesce(jsonb_object_agg(f.key, case when f.key = any (array['customer_name', 'customer_key', 'customer_address',
             'customer_pseudonym', 'email', 'email_key', 'phone', 'phone_key', 'note', 'tracking_number', 'change_reason', 'reason',
             'status_reason', 'cancel_reason', 'person'])
             then 'null'
             when f.key = 'items' and jsonb_typeof(f.value) = 'array' then (
               select jsonb_agg(case when i.value ? 'address' then i.value || '{"address": null}' else i.value end order by i.ordinality)
                 from jsonb_array_elements(f.value) with ordinality i)
             else f.value end), '{}')
      from jsonb_each(p_row) f
  ) end;

grant execute on function audit.impersonal(jsonb) to scoville_definer;
