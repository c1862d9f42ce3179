-- The events after a position that the caller may see (row-level security decides) and that match the filters. A call scans a
-- bounded part of the log. It may find less than a page, or nothing, and still advance: next says how far.
create or replace function api.list_events(
  p_region_id smallint,
  p_filters jsonb,
  p_after text,
  p_limit integer
)
  returns table (body json, next_place text)
  language plpgsql
  stable
  set search_path = ''
  set enable_seqscan = off
  set jit = off
as $$
declare
  c_rows_max constant integer := 10000;
  v_types text[] := string_to_array(p_filters ->> 'types', ',');
  v_subject text := p_filters ->> 'subject';
  v_stream events.stream;
  v_after bigint;
  v_until bigint;
  v_data json[];
begin
  select s.* into v_stream from events.stream s;
  v_after := events.read_place(p_after, v_stream);
  v_until := least(v_after + c_rows_max, v_stream.last_seq);
  if not v_types <@ array(select t.type from events.event_types t) then
    raise exception using errcode = 'VA001', message = 'unknown type',
      detail = jsonb_build_object('detail', 'This event type does not exist.',
        'errors', jsonb_build_array(jsonb_build_object('parameter', 'types', 'detail',
          'Separate types with commas. The types are '
          || (select string_agg(t.type, ', ' order by t.type) from events.event_types t) || '.')))::text;
  end if;
  select array_agg(s.document order by s.seq), coalesce(max(s.seq) filter (where s.nth = p_limit), v_until)
    into v_data, v_until
    from (select e.seq, row_number() over (order by e.seq) as nth, events.document(e) as document
            from events.event_log e
           where e.seq > v_after and e.seq <= v_until
             and e.region_id in (0, p_region_id)
             and (v_types is null or e.type = any (v_types))
             and (v_subject is null or e.subject = v_subject)
           order by e.seq
           limit p_limit) s;
  body := json_build_object('data', coalesce(array_to_json(v_data), '[]'),
            'next', v_stream.epoch || ':' || v_until, 'last', v_stream.epoch || ':' || v_stream.last_seq);
  next_place := case when v_until < v_stream.last_seq then v_stream.epoch || ':' || v_until end;
  return next;
end
$$;

comment on function api.list_events(smallint, jsonb, text, integer) is
  'Events after a position <epoch>:<seq>, the earliest first, as CloudEvents. Filters: types (separated by commas), subject. '
  'next is the position to continue from, last the end of the log. While they differ, more events may follow.
Errors: LG001 VA001';
grant execute on function api.list_events(smallint, jsonb, text, integer) to admin, warehouse, sales, integration;
