-- Appended to by the sequencer, never rewritten. No role of the API reads it yet.
alter table events.event_log enable row level security;
alter table events.event_log force row level security;

-- Nothing is granted before the sequencer exists.

alter table events.event_log_default enable row level security;
alter table events.event_log_default force row level security;
