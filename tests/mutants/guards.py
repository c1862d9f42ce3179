"""The essential guards, each with the change that removes it and the tests that must then fail."""

from __future__ import annotations

from typing import NamedTuple


class Guard(NamedTuple):
    """`old` occurs once in the file at `path`. Replacing it with `new` removes the guard. `tests`: arguments of pytest."""

    name: str
    path: str
    old: str
    new: str
    tests: str


RACES = "tests/sql/stock/test_races.py"
MODEL = "tests/battery/test_model.py"
CHECKS = "tests/sql/test_checks.py -k refuses"
ROLES = "tests/sql/test_roles.py"
TOKENS = "tests/http/test_tokens.py"
EGRESS = "tests/webhooks/test_egress.py"
AGAIN = "tests/cli/test_import_again.py"
HISTORY = "tests/sql/orders/test_history.py"
LEVELS = "sql/schema/030_stock.sql"

GUARDS = (
    # Stock
    Guard(
        "the update refuses to oversell",
        "sql/functions/stock/levels/post_movements.sql",
        "       and l.available + stock.available_of(n.delta) >= 0\n",
        "",
        f"{RACES} -k behind_the_lock",
    ),
    Guard(
        "levels are locked before anything is decided",
        "sql/functions/stock/allocation/lock_candidates.sql",
        "                  for no key update of l) l) s;",
        "                  ) l) s;",
        f"{RACES} -k last_unit",
    ),
    Guard(
        "levels are locked in key order: orders",
        "sql/functions/stock/allocation/lock_candidates.sql",
        "                     order by warehouse_id, sku_id) k\n",
        "                     order by warehouse_id desc, sku_id desc) k\n",
        "tests/battery/test_pairs.py",
    ),
    Guard(
        "levels are locked in key order: movements",
        "sql/functions/stock/levels/lock_levels.sql",
        "                 order by 1, 2) k\n",
        "                 order by 1 desc, 2 desc) k\n",
        "tests/battery/test_pairs.py",
    ),
    Guard(
        "levels that are to be made are claimed before others are locked",
        "sql/functions/stock/levels/lock_to_change.sql",
        "  perform from stock.claim_new_levels(p_region_id => p_region_id, p_warehouse_ids => p_warehouse_ids,\n"
        "    p_sku_ids => p_sku_ids);\n",
        "",
        f"{RACES} -k do_not_wait",
    ),
    Guard(
        "a number that two channels gave names no order",
        "sql/functions/orders/find_order.sql",
        "case when count(*) = 1 then min(o.order_id) end",
        "min(o.order_id)",
        "tests/sql/orders/test_order_rules.py -k two_channels",
    ),
    Guard(
        "promises are within on_hand", LEVELS, "(reserved + committed + unavailable + safety_stock <= on_hand)", "(true)", CHECKS
    ),
    Guard("on_hand is not negative", LEVELS, "check (on_hand between 0 and 2000000000)", "check (true)", CHECKS),
    Guard("reserved is not negative", LEVELS, "check (reserved >= 0)", "check (true)", CHECKS),
    Guard("committed is not negative", LEVELS, "check (committed >= 0)", "check (true)", CHECKS),
    Guard("unavailable is not negative", LEVELS, "check (unavailable >= 0)", "check (true)", CHECKS),
    Guard("safety stock is not negative", LEVELS, "check (safety_stock >= 0)", "check (true)", CHECKS),
    Guard("incoming is not negative", LEVELS, "check (incoming >= 0)", "check (true)", CHECKS),
    Guard(
        "shortfall is within promises",
        LEVELS,
        "check (shortfall between 0 and reserved + committed + safety_stock)",
        "check (true)",
        CHECKS,
    ),
    Guard("a batch level is not negative", LEVELS, "check (on_hand >= 0)", "check (true)", CHECKS),
    Guard(
        "shipped and released are within ordered",
        "sql/schema/040_orders.sql",
        "(fulfilled_quantity >= 0 and released_quantity >= 0 and fulfilled_quantity + released_quantity <= quantity)",
        "(true)",
        CHECKS,
    ),
    Guard(
        "an expired batch is not sold",
        "sql/functions/stock/lots/lot_status.sql",
        "p_expiration_date < p_today",
        "false",
        "tests/sql/stock/test_stock_rules.py -k last_day",
    ),
    Guard(
        "the last day of a batch is one of sale",
        "sql/functions/stock/lots/lot_status.sql",
        "p_expiration_date < p_today",
        "p_expiration_date <= p_today",
        "tests/sql/stock/test_stock_rules.py -k last_day",
    ),
    Guard(
        "what is set free settles a shortfall first",
        "sql/functions/stock/levels/post_movements.sql",
        "  p_movements := stock.settle_shortfall(p_region_id, p_movements);\n",
        "",
        MODEL,
    ),
    Guard(
        "an order is served whole or not at all",
        "sql/functions/stock/allocation/allocate.sql",
        "    if v_total < v_demand.quantity then\n",
        "    if false then\n",
        MODEL,
    ),
    Guard(
        "what a refused order had taken goes to the next",
        "sql/functions/stock/allocation/allocate.sql",
        "          v_free[v_parts[i].level] := v_free[v_parts[i].level] + v_parts[i].taken;\n",
        "          null;\n",
        "tests/sql/orders/test_order_rules.py -k refused",
    ),
    Guard(
        "first expired, first out",
        "sql/functions/orders/fulfill_order.sql",
        "order by l.expiration_date, l.lot_id) - l.on_hand",
        "order by l.expiration_date desc, l.lot_id) - l.on_hand",
        MODEL,
    ),
    Guard(
        "no batch that may not be sold is shipped",
        "sql/functions/orders/fulfill_order.sql",
        "     where l.sellable and l.status = 'available' and l.on_hand > 0",
        "     where l.on_hand > 0",
        MODEL,
    ),
    # Reservations
    Guard(
        "a hold ends when its time has come",
        "sql/functions/stock/reservations/reservation_status.sql",
        "p_status = 'active' and p_expires_at <= p_now",
        "false",
        "tests/sql/stock/test_reservations.py -k expired",
    ),
    Guard(
        "an expired hold blocks no order",
        "sql/functions/stock/allocation/lock_candidates.sql",
        "    perform stock.end_reservations(p_region_id => p_region_id, p_reservation_ids => v_expired, p_status => 'expired',\n"
        "      p_actor => 'system');\n",
        "",
        MODEL,
    ),
    Guard(
        "no hold is swept before its time",
        "sql/functions/stock/reservations/end_reservations.sql",
        "             and (p_status <> 'expired' or r.expires_at <= v_now)\n",
        "",
        MODEL,
    ),
    Guard(
        "a hold is converted once",
        "sql/functions/stock/reservations/lock_live_reservations.sql",
        "     where stock.reservation_status(p_status => s.status, p_expires_at => s.expires_at, p_now => app.now())\n"
        "             = 'active');",
        "    );",
        MODEL,
    ),
    Guard(
        "only its owner changes a hold",
        "sql/functions/stock/reservations/refuse_reservation_change.sql",
        "  if v_owner <> coalesce(p_request -> 'meta' ->> 'actor', app.claim_subject()) and app.claim_role() <> 'admin' then",
        "  if false then",
        "tests/sql/stock/test_reservations.py",
    ),
    Guard(
        "what a client holds is counted under the lock",
        "sql/functions/stock/reservations/cap_reservations.sql",
        "  perform from stock.lock_candidates(p_region_id, stock.reservation_demands(p_drafts));\n",
        "",
        "tests/sql/stock/test_reservation_races.py -k share_once",
    ),
    Guard(
        "a client holds no more than its share",
        "sql/functions/stock/reservations/cap_reservations.sql",
        "filter (where l.quantity > l.free)",
        "filter (where false)",
        "tests/sql/stock/test_reservations.py -k share",
    ),
    Guard(
        "a request that comes a byte at a time is not waited for",
        "pyapp/serve/slow_clients.py",
        "            self._refuse(HTTPStatus.REQUEST_TIMEOUT)\n",
        "            self._deadline = None\n",
        "tests/http/test_slow_clients.py",
    ),
    Guard(
        "a head has an end",
        "pyapp/serve/slow_clients.py",
        "self._unread_bytes > HEAD_BYTES_MAX",
        "False",
        "tests/http/test_slow_clients.py -k without_an_end",
    ),
    Guard(
        "a head that comes at once is no larger",
        "pyapp/serve/slow_clients.py",
        "self._head_bytes > HEAD_BYTES_MAX",
        "False",
        "tests/http/test_slow_clients.py -k at_once",
    ),
    # Orders
    Guard(
        "an external id is used once",
        "sql/functions/orders/refuse_duplicates.sql",
        "where o.order_id is not null or d.nth > 1);",
        "where false);",
        f"{MODEL} tests/sql/orders/test_order_rules.py",
    ),
    Guard(
        "two who use an external id at once wait for each other",
        "sql/functions/orders/refuse_duplicates.sql",
        "  perform pg_advisory_xact_lock(h.key)\n",
        "  perform h.key\n",
        f"{RACES} -k external_id",
    ),
    Guard(
        "the table takes an external id once",
        "sql/schema/040_orders.sql",
        "  constraint orders_region_id_external_id_channel_id_key unique (region_id, external_id, channel_id),\n",
        "  constraint orders_region_id_external_id_channel_id_key unique (region_id, external_id, channel_id, order_id),\n",
        CHECKS.replace("refuses", "once"),
    ),
    Guard(
        "what is shipped is not changed",
        "sql/functions/orders/refuse_change.sql",
        "    when p_order.status in ('canceled', 'completed') or p_order.fulfillment_status <> 'unfulfilled'\n",
        "    when false\n",
        MODEL,
    ),
    Guard(
        "a price that has changed is refused",
        "sql/functions/orders/refuse_draft.sql",
        "    when p_repriced is not null then",
        "    when false then",
        "tests/sql/orders/test_order_rules.py -k price",
    ),
    # Idempotency
    Guard(
        "a key in flight is not taken by another",
        "sql/functions/identity/check_keys.sql",
        "   where pg_try_advisory_xact_lock(hashtextextended(",
        "   where not isfinite(now()) or 0 <> (hashtextextended(",
        f"{RACES} -k one_key",
    ),
    Guard(
        "a key goes with one payload",
        "sql/functions/identity/check_keys.sql",
        "when s.fingerprint <> r.fingerprint then",
        "when false then",
        "tests/sql/orders/test_order_rules.py -k key",
    ),
    Guard(
        "the table takes a key once",
        "sql/schema/070_identity.sql",
        "primary key (region_id, principal, route, idempotency_key)",
        "primary key (region_id, principal, route, idempotency_key, created_at)",
        CHECKS.replace("refuses", "once"),
    ),
    Guard(
        "the answer to a key is kept with its effect",
        "sql/functions/api/place_orders.sql",
        "  perform identity.keep_answers(p_region_id => p_region_id, p_route => 'place_orders', p_keys => v_keys,\n"
        "    p_results => v_results);\n",
        "",
        MODEL,
    ),
    # Access
    Guard(
        "a seller sees the orders of its channels",
        "sql/policies/orders/orders.sql",
        "  for select to sales, integration\n  using (channel_id = any (app.claim_channels()));",
        "  for select to sales, integration\n  using (true);",
        ROLES,
    ),
    Guard(
        "staff sees its own warehouses",
        "sql/policies/stock/stock_levels.sql",
        "  for select to warehouse\n  using (warehouse_id = any (app.claim_warehouses()));",
        "  for select to warehouse\n  using (true);",
        ROLES,
    ),
    Guard(
        "staff changes its own warehouses",
        "sql/policies/stock/stock_levels.sql",
        "  for update to scoville_definer\n"
        "  using (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()))\n"
        "  with check (app.reaches_all_warehouses() or warehouse_id = any (app.claim_warehouses()));",
        "  for update to scoville_definer\n  using (true)\n  with check (true);",
        "tests/sql/test_roles.py tests/sql/test_catalog_lints.py",
    ),
    Guard(
        "a caller sees its own region",
        "sql/policies/stock/stock_levels.sql",
        "  using (region_id = app.claim_region() or app.reaches_all_regions());",
        "  using (true);",
        f"{ROLES} -k region",
    ),
    Guard(
        "a command is for the region of its caller",
        "sql/functions/identity/check_keys.sql",
        "  perform app.check_region(p_region_id);\n",
        "",
        f"{ROLES} -k region",
    ),
    Guard(
        "staff sees events that are for warehouses",
        "sql/policies/events/event_log.sql",
        "  using (audience = 'warehouse' and warehouse_ids",
        "  using (warehouse_ids",
        "tests/live/test_rights.py",
    ),
    Guard(
        "the outbox refuses an unknown type",
        "sql/schema/050_events.sql",
        "  constraint outbox_type_is_known_check check (audience is not null),\n",
        "",
        "tests/sql/events/test_event_log.py -k not_known",
    ),
    Guard(
        "row-level security binds owners too",
        "sql/policies/orders/orders.sql",
        "alter table orders.orders force row level security;\n",
        "",
        "tests/sql/test_catalog_lints.py",
    ),
    Guard(
        "PUBLIC executes nothing",
        "sql/schema/010_schemas.sql",
        "alter default privileges revoke execute on functions from public;\n",
        "",
        "tests/sql/test_catalog_lints.py tests/sql/test_roles.py tests/sql/test_drift.py",
    ),
    Guard(
        "what no file grants is revoked at a deploy",
        "pyapp/deploy/replay.py",
        "        cursor.execute(revoke)\n",
        "        del revoke\n",
        "tests/sql/test_drift.py",
    ),
    Guard(
        "a revoked client's token is no good",
        "sql/functions/api/check_grant.sql",
        "and c.active and c.grant_no = p_grant_no",
        "",
        "tests/http/test_oauth.py tests/live/test_tickets.py -k revoked",
    ),
    Guard(
        "a ticket is used once",
        "sql/functions/api/redeem_ticket.sql",
        "t.expires_at > app.now()",
        "true",
        "tests/live/test_tickets.py -k old_ticket",
    ),
    Guard(
        "pages of other origins open no socket",
        "pyapp/live/inventory.py",
        "        if len(origins) > 1 or not (urlsplit(origin).netloc == host or origin in self._live.allowed_origins):",
        "        if False:",
        "tests/live/test_tickets.py -k pages_of_this_host",
    ),
    Guard(
        "a token ends",
        "pyapp/identity/tokens.py",
        "leeway=CLOCK_SKEW_SECONDS",
        "leeway=10**9",
        TOKENS,
    ),
    Guard("a token is meant for us", "pyapp/identity/tokens.py", "                audience=self.audience,\n", "", TOKENS),
    Guard(
        "a token is signed",
        "pyapp/identity/tokens.py",
        '"require": ["exp", "iss", "aud", "sub"]',
        '"verify_signature": False, "verify_exp": True, "verify_aud": True, "verify_iss": True',
        TOKENS,
    ),
    Guard(
        "a published key that is withdrawn ends sockets",
        "pyapp/identity/tokens.py",
        "self.keys is not None and await self.keys.find(key_id) is None:",
        "False:",
        "tests/live/test_tickets.py -k withdraws",
    ),
    Guard(
        "keys are not fetched for every token",
        "pyapp/identity/keys.py",
        "        if monotonic() >= self._due and ",
        "        if ",
        f"{TOKENS} -k fetched",
    ),
    Guard(
        "a call of the worker has a deadline",
        "pyapp/worker/jobs.py",
        "    with answering(connection, CALL_SECONDS):",
        "    with answering(connection, 3600):",
        "tests/cli/test_worker.py -k given_up",
    ),
    Guard(
        "the worker does not wait at its end for what is silent",
        "pyapp/worker/jobs.py",
        "    await asyncio.sleep(STOP_SECONDS)\n",
        "    await asyncio.sleep(3600)\n",
        "tests/cli/test_worker.py -k waited_for",
    ),
    Guard(
        "a verdict from before units were heard of is not kept",
        "pyapp/cache/refusals.py",
        "        if any(asked <= self._restocked.get(",
        "        if any(asked < 0 * self._restocked.get(",
        "tests/http/test_sold_out.py -k heard",
    ),
    Guard(
        "the keys of an issuer are read to a limit",
        "pyapp/identity/keys.py",
        "            if len(body) > BYTES_MAX:",
        "            if False:",
        f"{TOKENS} -k end_and_a_size",
    ),
    Guard(
        "the keys of an issuer are waited for to a limit",
        "pyapp/identity/keys.py",
        "async with asyncio.timeout(TIMEOUT_SECONDS):",
        "async with asyncio.timeout(None):",
        f"{TOKENS} -k end_and_a_size",
    ),
    Guard(
        "a caller has a limit over all processes",
        "sql/functions/api/take_requests.sql",
        "greatest(0, least(p_wanted, p_limit - (v_taken - p_wanted)))",
        "p_wanted",
        "tests/http/test_limits.py",
    ),
    Guard(
        "to open a stream counts as a read",
        "pyapp/live/stream.py",
        '    await count(request, session.identity, "read")\n',
        "",
        "tests/http/test_limits.py -k stream",
    ),
    Guard(
        "a stream has its place before anything is waited for",
        "pyapp/live/stream.py",
        "    live.streams.add(events)",
        "    asyncio.get_running_loop().call_later(0.1, live.streams.add, events)",
        "tests/live/test_stream.py -k at_once",
    ),
    Guard(
        "pages of other origins are shut out",
        "pyapp/http/cors.py",
        "    if len(origins) == 1 and origins[0].lower() in allowed:",
        "    if len(origins) == 1:",
        "tests/http/test_origins.py",
    ),
    # Analysts
    Guard(
        "stock of the past: what is summed is not added again",
        "sql/functions/bi/stock_as_of.sql",
        "             and k.movement_id >= v.movement_id\n",
        "",
        "tests/sql/bi/test_bi.py -k more_movements",
    ),
    # The event log and webhooks
    Guard(
        "each hash rests on the one before it",
        "sql/functions/events/link_hash.sql",
        "sha256(p_before || convert_to(p_text, 'UTF8'))",
        "sha256(convert_to(p_text, 'UTF8'))",
        "tests/sql/events/test_event_log.py",
    ),
    Guard(
        "one sequencer at a time",
        "sql/functions/jobs/sequence_events.sql",
        "  select s.* into v_stream from events.stream s for no key update skip locked;\n",
        "  select s.* into v_stream from events.stream s;\n",
        "tests/sql/events/test_sequencer.py -k second_sequencer",
    ),
    Guard(
        "an event that is committed late is waited for",
        "sql/functions/jobs/sequence_events.sql",
        "  if v_stream.settling_xid <= v_xmin\n",
        "  if true\n",
        "tests/sql/events/test_sequencer.py",
    ),
    Guard(
        "a late worker reports on nothing",
        "sql/functions/jobs/finish_deliveries.sql",
        "on q.msg_id = r.message_id and q.read_ct = r.claim",
        "on q.msg_id = r.message_id",
        "tests/sql/webhooks/test_webhooks.py -k late_worker",
    ),
    Guard(
        "a late worker starts nothing",
        "sql/functions/jobs/start_solo.sql",
        "where q.msg_id = p_message_id and q.read_ct = p_claim;",
        "where q.msg_id = p_message_id;",
        "tests/sql/webhooks/test_webhooks.py -k lost_the_claim",
    ),
    Guard(
        "what workers die of is not handed out for ever",
        "sql/functions/webhooks/is_poison.sql",
        "p_solo_starts >= 3",
        "p_solo_starts >= 99",
        "tests/sql/webhooks/test_webhooks.py -k five_workers",
    ),
    Guard(
        "webhooks: what its owner may not see any more is not sent",
        "sql/functions/jobs/claim_deliveries.sql",
        "\n     where webhooks.is_entitled(p_endpoint => t.endpoint, p_client => t.client, p_event => b.event);",
        ";",
        "tests/sql/webhooks/test_webhooks.py -k lost_the_right",
    ),
    Guard(
        "webhooks: a replay leaves to the dispatcher what it has not come to",
        "sql/functions/webhooks/make_deliveries.sql",
        "\n               and (e.seq <= p.from_seq or e.seq <= (select d.last_seq from webhooks.dispatchers d)) end",
        " end",
        "tests/sql/webhooks/test_webhooks.py -k wait_for_each_other",
    ),
    Guard(
        "webhooks: suspects are sent by themselves",
        "pyapp/outbound/webhooks/delivery.py",
        "if message.claim > COMPANY_MAX:",
        "if False:",
        "tests/webhooks/test_delivery.py -k workers_die_of",
    ),
    Guard(
        "a claim waits for the disk",
        "sql/functions/jobs/claim_deliveries.sql",
        "begin\n  select jsonb_agg",
        "begin\n  perform set_config('synchronous_commit', 'off', true);\n  select jsonb_agg",
        "tests/sql/webhooks/test_webhooks.py -k waits_for_the_disk",
    ),
    Guard(
        "webhooks: every address of a name is looked at",
        "pyapp/outbound/webhooks/egress.py",
        "            if not is_public(address[0]):",
        "            if False:",
        EGRESS,
    ),
    Guard(
        "webhooks: the address is looked at again at the connection",
        "pyapp/outbound/webhooks/egress.py",
        "    if not is_public(target[0]):",
        "    if False:",
        EGRESS,
    ),
    Guard(
        "webhooks: redirects are not followed",
        "pyapp/outbound/webhooks/egress.py",
        "allow_redirects=False",
        "allow_redirects=True",
        EGRESS,
    ),
    # The HTTP layer
    Guard(
        "a body has a largest size",
        "pyapp/http/context.py",
        "        if size > maximum:",
        "        if False:",
        "tests/http/test_bad_input.py tests/http/test_conventions.py",
    ),
    Guard(
        "a lost write without a key is not repeated",
        "pyapp/database/commands.py",
        "                if not command.keyed:\n                    raise\n",
        "                pass\n",
        "tests/http/test_outages.py tests/http/test_lanes.py",
    ),
    Guard(
        "a spreadsheet runs no customer's name",
        "pyapp/http/csv_pages.py",
        """    return f"'{text}" if text.lstrip("'").startswith(FORMULA_STARTS) else text""",
        "    return text",
        "tests/http/test_csv.py",
    ),
    # Files
    Guard(
        "a receipt that the ledger has is not booked again",
        "pyapp/cli/importing/receipts.py",
        "        time = None if again or not units else",
        "        time = None if True else",
        f"{AGAIN} -k corrected_stock",
    ),
    Guard(
        "a receipt of long ago without a reference is not taken for this one",
        "pyapp/cli/importing/receipts.py",
        "        elif place[3] or now - time < SAME_FILE:",
        "        elif True:",
        f"{AGAIN} -k long_ago",
    ),
    Guard(
        "a delivery is not booked a second time with other units",
        "pyapp/cli/importing/receipts.py",
        "        if other and units:",
        "        if False:",
        f"{AGAIN} -k delivery_note",
    ),
    Guard(
        "an order that exists is compared",
        "pyapp/cli/importing/orders.py",
        "    return None if left.total() else list(lines)",
        "    return []",
        f"{AGAIN} -k other_items",
    ),
    Guard(
        "lines are added only to an order that nobody has changed",
        "pyapp/cli/importing/orders.py",
        """If_Match='"1"'""",
        "Accept='*/*'",
        f"{AGAIN} -k other_items",
    ),
    Guard(
        "a file creates no warehouse by accident",
        "pyapp/cli/importing/warehouses.py",
        "        if self._create:",
        "        if True:",
        f"{AGAIN} -k unknown_warehouse",
    ),
    Guard(
        "a column that is missing changes nothing",
        "pyapp/cli/importing/skus.py",
        "        elif name in row and",
        "        elif",
        f"{AGAIN} -k missing_column",
    ),
    Guard(
        "a quotation mark inside a cell is refused",
        "pyapp/cli/importing/csv_text.py",
        "        if body[at] != separator:",
        "        if False:",
        "tests/cli/test_import_files.py -k records_are",
    ),
    Guard(
        "a date that contradicts the usual order stops the import",
        "pyapp/cli/importing/orders.py",
        "    if forms.contradiction:",
        "    if False:",
        "tests/cli/test_import_presets.py -k woocommerce",
    ),
    Guard(
        "only an admin records historic orders",
        "sql/functions/orders/refuse_completed.sql",
        "    when app.claim_role() <> 'admin' then",
        "    when false then",
        HISTORY,
    ),
    Guard(
        "a historic order commits no stock",
        "sql/functions/orders/draft_movements.sql",
        "a.ordinal = d.ordinal and not d.historic\n",
        "a.ordinal = d.ordinal\n",
        HISTORY,
    ),
    Guard(
        "a historic order is no news",
        "sql/functions/orders/emit_placed.sql",
        "w.status = 'completed' as historic",
        "false as historic",
        HISTORY,
    ),
)
