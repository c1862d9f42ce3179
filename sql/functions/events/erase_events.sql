-- Definer: nobody may change the event log; this function takes the person out of the events of these subjects.
-- It belongs to the owner of the table, and only scoville_definer may call it. Returns the seq of the events that it changed.
-- A hash of the personal data stays, salted with a salt that is gone, so the chain is still proved.
create or replace function events.erase_events(
  p_region_id smallint,
  p_subjects text[]
)
  returns bigint[]
  language plpgsql
  volatile
  security definer
  set search_path = ''
  set enable_seqscan = off
as $$
declare
  v_seqs bigint[];
begin
  perform set_config('scoville.erasing', 'on', true);
  with erased as (
    update events.event_log e
       set data = events.impersonal(e.data) || '{"erased": true}', personal_hash = events.personal_hash(e.salt, e.data), salt = null
     where e.region_id = p_region_id and e.subject = any (p_subjects) and e.salt is not null
    returning e.seq
  )
  select array_agg(e.seq order by e.seq) into v_seqs from erased e;
  perform set_config('scoville.erasing', 'off', true);
  return coalesce(v_seqs, '{}');
end
$$;

grant execute on function events.erase_events(smallint, text[]) to scoville_definer;
