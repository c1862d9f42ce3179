-- The data of an event as an erasure leaves it: the customer, addresses of lines, notes, reasons and tracking numbers are null. What stays says what happened:
-- units, amounts, dates, states. events.strip takes out the same members.
create or replace function events.impersonal(
  p_data jsonb
)
  returns jsonb
  language plpgsql
  immutable
  set search_path = ''
as $$
declare
  c_parcels constant text := 'fulfillments';
  v_data jsonb := p_data - 'erased';
  v_parcel jsonb;
begin
  v_data := events.without_addresses(v_data);
  if v_data ? 'customer' then
    v_data := v_data || '{"customer": {"name": null, "address": null}, "note": null}';
  elsif v_data ? 'note' then
    v_data := v_data || '{"note": null}';
  end if;
  if v_data ? 'reason' then
    v_data := v_data || '{"reason": null}';
  end if;
  if v_data #> '{status_change,reason}' is not null then
    v_data := jsonb_set(v_data, '{status_change,reason}', 'null');
  end if;
  if v_data -> 'old' ?| '{customer,fulfillments}' then
    v_data := jsonb_set(v_data, '{old}', events.impersonal(v_data -> 'old'));
  end if;
  if jsonb_typeof(v_data -> c_parcels) = 'array' then
    for i in 0 .. jsonb_array_length(v_data -> c_parcels) - 1 loop
      v_parcel := v_data -> c_parcels -> i || '{"note": null, "tracking_number": null}';
      v_data := jsonb_set(v_data, array[c_parcels, i::text],
                  case when v_parcel ? 'cancel_reason' then v_parcel || '{"cancel_reason": null}' else v_parcel end);
    end loop;
  end if;
  return v_data;
end
$$;

grant execute on function events.impersonal(jsonb) to scoville_definer, admin, scoville_worker;
