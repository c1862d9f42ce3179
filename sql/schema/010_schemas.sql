-- Schemas: one a concern. Only api and jobs hold functions that someone outside may call.
create schema app;
comment on schema app is 'Session claims, the clock, partitions: what every other schema uses.';
create schema catalog;
comment on schema catalog is 'What is sold, where it is kept, through which channels: reference tables, the same in every region.';
create schema stock;
comment on schema stock is 'Quantities: levels, lots, the ledger and reservations.';
create schema orders;
comment on schema orders is 'Orders with their lines, allocations and fulfillments.';
create schema events;
comment on schema events is 'Facts for the outside world: outbox and event log.';
create schema audit;
comment on schema audit is 'Who changed what, when and why.';
create schema identity;
comment on schema identity is 'API clients and idempotency keys.';
create schema webhooks;
comment on schema webhooks is 'Who is told of which events, and what became of each message.';
create schema analytics;
comment on schema analytics is 'Sums by day, kept up to date by the worker, for questions that would take too long on the rows themselves.';
create schema bi;
comment on schema bi is 'Read-only views for analysts and their tools: nothing else is open to them.';
create schema api;
comment on schema api is 'Entry points of the HTTP API.';
create schema jobs;
comment on schema jobs is 'Entry points of the worker.';

-- A new function can be called by nobody until its file grants it.
alter default privileges revoke execute on functions from public;
