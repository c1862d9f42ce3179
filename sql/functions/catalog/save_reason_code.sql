-- Creates, changes or retires one reason code. Writes the audit. Existing movements keep their reason code.
-- Lock order: catalog rows come before every row of stock.
create or replace function catalog.save_reason_code(
  p_write catalog.write
)
  returns table (refusal api.refusal, body json, created boolean)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_old jsonb;
  v_decision record;
  v_reason catalog.reason_codes;
begin
  select catalog.reason_code_document(c)::jsonb into v_old
    from catalog.reason_codes c where c.reason_code = p_write.id for no key update;
  created := v_old is null;
  v_decision := catalog.decide(p_write => p_write, p_noun => 'reason-codes', p_old => v_old, p_defaults =>
    jsonb_build_object('reason_code', p_write.id, 'takes', 'any', 'note_required', false, 'active', true));
  refusal := v_decision.refusal;
  if refusal is not null then
    return next;
    return;
  end if;
  v_reason := jsonb_populate_record(null::catalog.reason_codes, v_decision.document);
  if created then
    insert into catalog.reason_codes as c (reason_code, description, direction, takes, note_required, active)
    values (v_reason.reason_code, v_reason.description, v_reason.direction, v_reason.takes, v_reason.note_required,
            v_reason.active)
    on conflict do nothing
    returning c.* into v_reason;
    if not found then  -- another session has just created it: it can be changed, or the write is refused
      return query select s.* from catalog.save_reason_code(p_write) s;
      return;
    end if;
  elsif v_decision.document <> v_old then
    update catalog.reason_codes c
       set description = v_reason.description, direction = v_reason.direction, takes = v_reason.takes,
           note_required = v_reason.note_required, active = v_reason.active, version = c.version + 1
     where c.reason_code = p_write.id
    returning c.* into v_reason;
  end if;
  body := catalog.reason_code_document(v_reason);
  if body::jsonb is distinct from v_old then
    perform catalog.record_write(
      p_write => p_write, p_table_name => 'catalog.reason_codes', p_old => v_old, p_new => body::jsonb);
  end if;
  return next;
end
$$;

grant execute on function catalog.save_reason_code(catalog.write) to scoville_definer;
