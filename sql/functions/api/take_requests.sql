-- Definer: the API's own login calls this before it takes a caller's role, and it may write no table.
-- An API process takes a lease of several requests from a caller's limit for this time window, and then lets that many requests
-- through without asking. So the limit holds across all processes. The windows of all callers start together, at multiples of
-- p_seconds.
create or replace function api.take_requests(
  p_principal text,
  p_kind text,
  p_wanted integer,
  p_limit integer,
  p_seconds integer
)
  returns table (granted integer, left_over integer, ends_in_ms integer)
  language plpgsql
  volatile
  security definer
  set search_path = ''
as $$
declare
  v_ms bigint := (extract(epoch from app.now()) * 1000)::bigint;
  v_window bigint := v_ms / (p_seconds * 1000);
  v_taken integer;
begin
  -- Capped, so that the counter stays in range however many requests are made.
  insert into identity.request_windows as w (principal, kind, window_no, taken)
  values (p_principal, p_kind, v_window, p_wanted)
  on conflict on constraint request_windows_pkey do update
    set window_no = excluded.window_no,
        taken = case when w.window_no = excluded.window_no then least(w.taken + excluded.taken, p_limit + p_wanted)
                     else excluded.taken end
  returning w.taken into v_taken;
  return query select greatest(0, least(p_wanted, p_limit - (v_taken - p_wanted))), greatest(0, p_limit - v_taken),
    ((v_window + 1) * p_seconds * 1000 - v_ms)::integer;
end
$$;

comment on function api.take_requests(text, text, integer, integer, integer) is
  'How many of these requests a caller may send in this time window, how many more remain, and when the window ends.';
alter function api.take_requests(text, text, integer, integer, integer) owner to scoville_definer;
grant execute on function api.take_requests(text, text, integer, integer, integer) to authenticator;
