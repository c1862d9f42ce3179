-- The delay after the nth failure of a delivery; null when there are no more retries. Adds up to a tenth, different for each
-- delivery and attempt, so that deliveries that failed together do not return together.
create or replace function webhooks.retry_delay(
  p_failures integer,
  p_delivery_id bigint
)
  returns interval
  language sql
  immutable
  parallel safe
  return (array[interval '5 seconds', interval '5 minutes', interval '30 minutes', interval '2 hours', interval '5 hours',
    interval '10 hours', interval '14 hours', interval '20 hours', interval '24 hours'])[p_failures]
    * (1 + (hashint8extended(p_delivery_id, p_failures) & 1023) / 10230.0);

grant execute on function webhooks.retry_delay(integer, bigint) to scoville_definer;
