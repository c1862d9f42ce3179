set local lock_timeout = '5s';
drop schema analytics, api, app, audit, bi, catalog, events, identity, jobs, orders, stock, supply, webhooks cascade;
-- Brought by the deploy (pyapp/deploy/pgmq_schema.py), not by a migration: its queue is empty without the tables above.
drop schema if exists pgmq cascade;
alter default privileges grant execute on functions to public;
