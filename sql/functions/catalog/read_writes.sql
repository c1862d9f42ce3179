-- The elements of a catalogue command.
create or replace function catalog.read_writes(
  p_elements jsonb,
  p_key text
)
  returns setof catalog.write
  language sql
  stable
  set search_path = ''
as $$
  select e.ordinality::integer, e.value ->> p_key, coalesce(e.value ->> 'mode', 'save'),
         e.value - '{meta,mode,if_match,if_none_match}'::text[], e.value ->> 'if_match', e.value ->> 'if_none_match',
         coalesce(e.value -> 'meta' ->> 'actor', app.claim_subject()),
         coalesce(e.value -> 'meta' ->> 'request_id', app.claim_request_id())
    from jsonb_array_elements(p_elements) with ordinality e;
$$;

grant execute on function catalog.read_writes(jsonb, text) to scoville_definer;
