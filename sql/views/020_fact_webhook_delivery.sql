create or replace view bi.fact_webhook_delivery with (security_invoker = true, security_barrier = true) as
select d.region_id, d.endpoint_id as endpoint_no, d.delivery_id as event_no, d.type as event_type, d.status, d.attempts, d.failures,
       d.created_at, timezone(g.time_zone, d.created_at)::date as created_on, d.finished_at,
       extract(epoch from d.finished_at - d.created_at)::numeric(14, 3) as seconds
  from webhooks.deliveries d
  join catalog.regions g on g.region_id = d.region_id;

comment on view bi.fact_webhook_delivery is
  'One row per delivery of an event to a webhook, without its contents. Live; kept as long as deliveries are. Analysts who are '
  'bound to warehouses see none.';
comment on column bi.fact_webhook_delivery.region_id is 'The region, a group of warehouses that serve orders together.';
comment on column bi.fact_webhook_delivery.endpoint_no is 'The number of the webhook.';
comment on column bi.fact_webhook_delivery.event_no is 'The number of the event in the log.';
comment on column bi.fact_webhook_delivery.event_type is 'The type of the event, such as order.placed or stock.low.';
comment on column bi.fact_webhook_delivery.status is 'pending, queued, delivered, failed, canceled or quarantined.';
comment on column bi.fact_webhook_delivery.attempts is 'Requests made.';
comment on column bi.fact_webhook_delivery.failures is 'Failed requests since the delivery was made or retried by hand.';
comment on column bi.fact_webhook_delivery.created_at is 'When the delivery was made.';
comment on column bi.fact_webhook_delivery.created_on is 'The day of created_at in the time zone of the region; joins dim_date.';
comment on column bi.fact_webhook_delivery.finished_at is 'When it ended; null while it is under way.';
comment on column bi.fact_webhook_delivery.seconds is 'Seconds from created_at to finished_at.';
grant select on bi.fact_webhook_delivery to bi_reader;
