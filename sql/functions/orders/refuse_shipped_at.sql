-- The refusal of the moment at which a parcel is said to have left, or null: not in the future (a clock may be some minutes ahead), not
-- before the order was placed, not in books that are closed.
create or replace function orders.refuse_shipped_at(
  p_region_id smallint,
  p_placed_at timestamptz,
  p_shipped_at timestamptz
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select case
    when p_shipped_at > app.now() + interval '5 minutes' then app.refuse(p_code => 'VA001', p_pointer => '/shipped_at',
      p_detail => 'shipped_at is in the future. Leave it out, or send the time when the parcel was handed over.')
    -- Clients leave out parts of a second.
    when p_shipped_at < date_trunc('second', p_placed_at) then app.refuse(p_code => 'VA001', p_pointer => '/shipped_at',
      p_detail => format('shipped_at is before the order was placed (%s). Send the time when the parcel was handed over.',
        app.rfc3339(p_placed_at)))
    else app.refuse_past(p_region_id => p_region_id, p_at => p_shipped_at, p_field => 'shipped_at') end;
$$;

grant execute on function orders.refuse_shipped_at(smallint, timestamptz, timestamptz) to scoville_definer;
