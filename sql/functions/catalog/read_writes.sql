-- The elements of a catalog command.
create or replace function catalog.read_writes(
  p_elements jsonb,
  p_key text
)
  returns setof catalog.write
  language sql
  stable
  set search_path = ''
as $$
  select catalog.new_write(
           p_ordinal => e.ordinality::integer,
           p_id => e.value ->> p_key,
           p_mode => coalesce(e.value ->> 'mode', 'save'),
           p_element => e.value - '{meta,mode,if_match,if_none_match}'::text[],
           p_if_match => e.value ->> 'if_match',
           p_if_none_match => e.value ->> 'if_none_match',
           p_actor => coalesce(e.value -> 'meta' ->> 'actor', app.claim_subject()),
           p_request_id => coalesce(e.value -> 'meta' ->> 'request_id', app.claim_request_id()))
    from jsonb_array_elements(p_elements) with ordinality e;
$$;

grant execute on function catalog.read_writes(jsonb, text) to scoville_definer;
