-- Makes, changes or retires one reason code, with its audit. Movements keep the code that they were made with.
-- Lock order: catalogue rows stand before everything of stock.
create or replace function catalog.save_reason_code(
  p_write catalog.write,
  out code text,
  out body json,
  out created boolean
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb;
  v_new jsonb;
  v_refusal jsonb;
  v_reason catalog.reason_codes;
begin
  select catalog.reason_code_document(c)::jsonb into v_old
    from catalog.reason_codes c where c.reason_code = p_write.id for no key update;
  created := v_old is null;
  v_refusal := catalog.refuse_write(p_write, 'reason-codes', v_old);
  if v_refusal is not null then
    code := v_refusal ->> 'code';
    body := v_refusal -> 'body';
    return;
  end if;
  v_new := catalog.apply_write(p_write, v_old, jsonb_build_object('reason_code', p_write.id, 'note_required', false,
    'active', true));
  v_reason := jsonb_populate_record(null::catalog.reason_codes, v_new);
  if created then
    insert into catalog.reason_codes as c (reason_code, description, direction, note_required, active)
    values (v_reason.reason_code, v_reason.description, v_reason.direction, v_reason.note_required, v_reason.active)
    on conflict do nothing
    returning c.* into v_reason;
    if not found then  -- another session has made it just now: it is there to be changed, or this is refused
      select s.code, s.body, s.created into code, body, created from catalog.save_reason_code(p_write) s;
      return;
    end if;
  elsif v_new <> v_old then
    update catalog.reason_codes c
       set description = v_reason.description, direction = v_reason.direction, note_required = v_reason.note_required,
           active = v_reason.active, version = c.version + 1
     where c.reason_code = p_write.id
    returning c.* into v_reason;
  end if;
  body := catalog.reason_code_document(v_reason);
  if body::jsonb is distinct from v_old then
    perform catalog.record_write(p_write, 'catalog.reason_codes', v_old, body::jsonb);
  end if;
end
$$;

grant execute on function catalog.save_reason_code(catalog.write) to scoville_definer;
