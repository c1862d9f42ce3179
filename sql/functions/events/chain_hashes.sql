-- The hashes of consecutive events, in order. The only row-by-row step of a batch: 2 us per event.
create or replace function events.chain_hashes(
  p_before bytea,
  p_texts text[]
)
  returns bytea[]
  language plpgsql
  immutable
  set search_path = ''
  set plan_cache_mode = force_generic_plan
as $$
declare
  v_hash bytea := p_before;
  v_hashes bytea[] := '{}';
  v_text text;
begin
  foreach v_text in array p_texts loop
    v_hash := events.link_hash(v_hash, v_text);
    v_hashes := v_hashes || v_hash;
  end loop;
  return v_hashes;
end
$$;

grant execute on function events.chain_hashes(bytea, text[]) to scoville_definer;
