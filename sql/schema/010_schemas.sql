-- Schemas, one per concern. Outside callers may execute only functions of api and jobs.
create schema app;
comment on schema app is 'Session claims, the clock, cursors, refusals: helpers that every other schema uses.';
create schema catalog;
comment on schema catalog is 'SKUs, warehouses, channels, reason codes: reference tables, the same in every region.';
create schema stock;
comment on schema stock is 'Quantities: levels, lots, the ledger and reservations.';
create schema orders;
comment on schema orders is 'Orders with their lines, allocations and fulfillments.';
create schema supply;
comment on schema supply is 'How units come to a warehouse: purchases from suppliers, transfers from other warehouses.';
create schema events;
comment on schema events is 'Events for the outside world: outbox and event log.';
create schema audit;
comment on schema audit is 'Who changed what, when and why.';
create schema identity;
comment on schema identity is 'API clients and idempotency keys.';
create schema webhooks;
comment on schema webhooks is 'Webhook endpoints, the events that each one receives, and the outcome of each delivery.';
create schema analytics;
comment on schema analytics is 'Sums by day, kept up to date by the worker, for queries that would take too long on the rows themselves.';
create schema bi;
comment on schema bi is 'Read-only views for analysts and their tools, who have access to nothing else.';
create schema api;
comment on schema api is 'Entry points of the HTTP API.';
create schema jobs;
comment on schema jobs is 'Entry points of the worker.';

-- A new function can be called by nobody until its file grants it.
alter default privileges revoke execute on functions from public;
