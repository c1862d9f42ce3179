-- The data of an event without the members that events.impersonal empties, wherever they are.
create or replace function events.strip(
  p_data jsonb
)
  returns jsonb
  language plpgsql
  immutable
  set search_path = ''
as $$
declare
  v_data jsonb := events.without_addresses(p_data) - '{customer,note,reason,status_change,erased}'::text[];
begin
  if v_data -> 'old' ?| '{customer,fulfillments}' then
    v_data := jsonb_set(v_data, '{old}', events.strip(v_data -> 'old'));
  end if;
  if jsonb_typeof(v_data -> 'fulfillments') = 'array' then
    for i in 0 .. jsonb_array_length(v_data -> 'fulfillments') - 1 loop
      v_data := jsonb_set(v_data, array['fulfillments', i::text],
                  (v_data -> 'fulfillments' -> i) - '{note,tracking_number,cancel_reason}'::text[]);
    end loop;
  end if;
  return v_data;
end
$$;

grant execute on function events.strip(jsonb) to scoville_definer, admin, scoville_worker;
