-- The schema of the queue is third-party (see pyapp/deploy/pgmq_schema.py) and runs with the caller's rights. Only the definer
-- may call it, by these grants. Monitoring may read its tables, so a message holds only ids.
grant usage on schema pgmq to scoville_definer;
grant select, insert, update, delete on pgmq.q_webhook_deliveries to scoville_definer;
grant execute on function pgmq.send_batch(text, jsonb[]), pgmq.send_batch(text, jsonb[], jsonb[], timestamptz),
  pgmq._send_batch(text, jsonb[], jsonb[], timestamptz), pgmq._validate_batch_params(jsonb[], jsonb[]),
  pgmq.format_table_name(text, text), pgmq.read(text, integer, integer, jsonb), pgmq.delete(text, bigint[])
  to scoville_definer;
