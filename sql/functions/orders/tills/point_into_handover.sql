-- A refusal of the items of a parcel, whose items are those of the member handed_over here.
create or replace function orders.point_into_handover(
  p_refusal api.refusal
)
  returns api.refusal
  language sql
  immutable
  parallel safe
  set search_path = ''
as $$
  select app.refuse_lines(p_code => (p_refusal).code, p_detail => (p_refusal).body ->> 'detail', p_errors => (
    select jsonb_agg(case when e.value ->> 'pointer' like '/items%'
                          then jsonb_set(e.value, '{pointer}', to_jsonb('/handed_over' || (e.value ->> 'pointer'))) else e.value end
                     order by e.ordinality)
      from jsonb_array_elements((p_refusal).body -> 'errors') with ordinality e));
$$;

grant execute on function orders.point_into_handover(api.refusal) to scoville_definer;
