-- The refusal of a moment that a caller gives for something that happened, or null. The books of the past are closed: others than admins
-- go back at most backdating_days_max days of the region, admins to the first day of the calendar.
create or replace function app.refuse_past(
  p_region_id smallint,
  p_at timestamptz,
  p_field text
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_at < app.day_begins_at(app.calendar_begins_on(), r.time_zone) then app.refuse(p_code => 'VA001',
      p_pointer => '/' || p_field, p_detail => format('%s is before %s, where the calendar of the reports begins.', p_field,
        app.calendar_begins_on()))
    when app.claim_role() <> 'admin'
         and p_at < app.day_begins_at(app.today(p_region_id) - r.backdating_days_max, r.time_zone) then app.refuse(
      p_code => 'VA001', p_pointer => '/' || p_field, p_detail => format('%s is more than %s days ago: the books of that time are '
        'closed. Send a later one, or ask an admin.', p_field, r.backdating_days_max),
      p_facts => jsonb_build_object('first', app.today(p_region_id) - r.backdating_days_max))
  end
    from catalog.regions r
   where r.region_id = p_region_id;
$$;

grant execute on function app.refuse_past(smallint, timestamptz, text) to scoville_definer;
