-- Erases one customer: takes the person out of the orders that the request names, and out of everything that repeats them. Returns what was
-- erased, or a refusal. All or nothing; a second time finds nothing left.
-- An order that is placed at the same time is not erased: it is later than this.
-- Lock order: orders in key order; then rows that only change here, messages to others last: the state of webhooks, waiting events.
-- The log comes twice: most of it before anybody has to wait, then what the sequencer moved meanwhile.
create or replace function orders.erase_customer(
  p_region_id smallint,
  p_request jsonb,
  out document json,
  out refusal api.refusal
)
  language plpgsql
  volatile
  set search_path = ''
as $$
declare
  v_actor text := coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject());
  v_request_id text := coalesce(p_request -> 'meta' ->> 'request_id', app.claim_request_id());
  v_hash uuid := (select orders.register_hash(k.secret, p_request ->> 'email') from identity.pseudonym_keys k);
  v_ids bigint[];
  v_named record;
  v_parts record;
  v_told record;
  v_subjects text[];
  v_seqs bigint[];
  v_waiting bigint;
  v_answers bigint;
  v_responses bigint;
  v_former bigint[] := '{}';
  v_erasure_id bigint;
begin
  select f.order_ids into v_ids from orders.find_erasable(p_region_id, p_request) f;
  perform from orders.orders o
   where o.region_id = p_region_id and o.order_id = any (v_ids) order by o.order_id for no key update;
  select * into v_named from orders.find_erasable(p_region_id, p_request);  -- as it is now, under the locks
  refusal := v_named.refusal;
  if refusal.code is not null then
    return;
  end if;
  v_ids := array(select unnest(v_ids) intersect select unnest(v_named.order_ids) order by 1);
  if p_request ->> 'email' is not null then
    v_former := audit.erase_email(p_region_id, p_request ->> 'email');
  end if;
  if v_ids = '{}' then
    document := orders.erasure_document(p_region_id => p_region_id, p_erasure_id => null, p_email_hash => v_hash, p_order_ids => v_ids,
      p_former_ids => v_former, p_erased => '{"audit_entries": 0, "movements": 0, "events": 0, "answers": 0, "responses": 0}');
    return;
  end if;
  select * into v_parts from orders.erase_orders(p_region_id => p_region_id, p_order_ids => v_ids, p_actor => v_actor,
    p_request_id => v_request_id);
  v_subjects := array(select 'orders/' || orders.public_id(p_region_id, o) from unnest(v_ids) o union all
                      select 'reservations/' || stock.reservation_public_id(p_region_id, r) from unnest(v_parts.reservation_ids) r union all
                      select 'returns/' || orders.return_public_id(p_region_id, b) from unnest(v_parts.return_ids) b);
  select * into v_told from audit.erase_history(p_region_id => p_region_id, p_order_ids => v_ids,
    p_fulfillment_ids => v_parts.fulfillment_ids, p_reservation_ids => v_parts.reservation_ids, p_return_ids => v_parts.return_ids,
    p_withholding_ids => v_parts.withholding_ids);
  v_seqs := events.erase_events(p_region_id, v_subjects);
  v_answers := identity.erase_answers(p_region_id => p_region_id, p_order_ids => v_ids,
    p_reservation_ids => v_parts.reservation_ids, p_return_ids => v_parts.return_ids, p_withholding_ids => v_parts.withholding_ids);
  insert into orders.erasures (region_id, email_hash, order_ids, erased_at, actor, request_id)
  values (p_region_id, v_hash, v_ids, app.now(), v_actor, v_request_id)
  returning erasure_id into v_erasure_id;
  perform orders.emit_erased(p_region_id => p_region_id, p_erasure_id => v_erasure_id, p_order_ids => v_ids, p_actor => v_actor,
    p_request_id => v_request_id);
  v_waiting := orders.erase_waiting(p_region_id, v_subjects);
  v_seqs := v_seqs || events.erase_events(p_region_id, v_subjects);
  v_responses := webhooks.erase_responses(p_region_id, v_seqs);
  document := orders.erasure_document(p_region_id => p_region_id, p_erasure_id => v_erasure_id, p_email_hash => v_hash,
    p_order_ids => v_ids, p_former_ids => array(select unnest(v_former) except select unnest(v_ids) order by 1),
    p_erased => jsonb_build_object('audit_entries', v_told.audit_entries, 'movements', v_told.movements, 'events',
      v_waiting + cardinality(v_seqs), 'answers', v_answers, 'responses', v_responses));
end
$$;

grant execute on function orders.erase_customer(smallint, jsonb) to scoville_definer;
