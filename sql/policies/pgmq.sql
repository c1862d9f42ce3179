-- The schema of the queue is third-party (see pyapp/deploy/pgmq_schema.py). Only the definer reads and writes its table. Monitoring may
-- read its tables, so a message holds only ids.
grant usage on schema pgmq to scoville_definer;
grant select, insert, update, delete on pgmq.q_webhook_deliveries to scoville_definer;
