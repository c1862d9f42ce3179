-- Carries out the writes of one noun of the catalog. Returns one row per write, in no order.
-- Lock order: definitions of bundles, one session at a time (advisory: two that are right by themselves could be a bundle of a bundle
-- together); then rows by id, the same in every session, so that no two wait for each other. Writes of one id go in the order of
-- their arrival.
create or replace function catalog.save_all(
  p_noun text,
  p_key text,
  p_elements jsonb
)
  returns table (ordinal integer, code text, replayed boolean, body json, created boolean)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_write catalog.write;
  v_saved record;
begin
  if p_elements @? '$[*].components[*]' then
    perform pg_advisory_xact_lock(hashtextextended('components', 4));
  end if;
  for v_write in select w.* from catalog.read_writes(p_elements, p_key) w order by w.id collate "C", w.ordinal loop
    case p_noun
      when 'skus' then select s.* into v_saved from catalog.save_sku(v_write) s;
      when 'warehouses' then select s.* into v_saved from catalog.save_warehouse(v_write) s;
      when 'regions' then select s.* into v_saved from catalog.save_region(v_write) s;
      when 'channels' then select s.* into v_saved from catalog.save_channel(v_write) s;
      when 'suppliers' then select s.* into v_saved from supply.save_supplier(v_write) s;
      when 'reason-codes' then select s.* into v_saved from catalog.save_reason_code(v_write) s;
    end case;
    return query
      select r.*, v_saved.created
        from app.new_result(
               p_ordinal => v_write.ordinal,
               p_code => (v_saved.refusal).code,
               p_body => coalesce((v_saved.refusal).body::json, v_saved.body)) r;
  end loop;
end
$$;

grant execute on function catalog.save_all(text, text, jsonb) to scoville_definer;
