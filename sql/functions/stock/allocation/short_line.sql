-- One entry of a shortage: the line, the units it wants and the units available for it. If there are more that expire too early, it names the
-- rule. p_next_on: the day on which purchases cover what is missing.
create or replace function stock.short_line(
  p_line_no integer,
  p_sku_id text,
  p_requested bigint,
  p_available bigint,
  p_freshness jsonb default null,
  p_next_on date default null
)
  returns jsonb
  language sql
  immutable
  parallel safe
  return jsonb_build_object('pointer', '/items/' || p_line_no - 1 || '/quantity', 'sku_id', p_sku_id,
    'requested', p_requested, 'available', p_available,
    'detail', case when coalesce((p_freshness ->> 'stale')::bigint, 0) <= 0
      then format('%s of %s wanted, %s available.', p_requested, p_sku_id, p_available)
      when p_freshness ->> 'fresh_until' = 'infinity'
      then format('%s of %s wanted, %s available. A rule wants a percentage of their life left (%s), and no lot says when it was made: an '
             'admin sets manufactured_on.', p_requested, p_sku_id, p_available, p_freshness ->> 'rule')
      else format('%s of %s wanted, %s available that can still be sold on %s, as a rule wants (%s). %s more expire earlier.', p_requested,
             p_sku_id, p_available, p_freshness ->> 'fresh_until', p_freshness ->> 'rule', p_freshness ->> 'stale') end)
    || case when (p_freshness ->> 'stale')::bigint > 0 then jsonb_build_object('rule', p_freshness -> 'rule',
         'fresh_until', nullif(p_freshness ->> 'fresh_until', 'infinity'), 'stale', p_freshness -> 'stale') else '{}' end
    || case when p_next_on is not null then jsonb_build_object('next_available_on', p_next_on) else '{}' end;

grant execute on function stock.short_line(integer, text, bigint, bigint, jsonb, date) to scoville_definer;
