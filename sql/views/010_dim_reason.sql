create or replace view bi.dim_reason with (security_invoker = true, security_barrier = true) as
select r.reason_code, r.description, r.direction,
       r.reason_code in ('damaged', 'expired', 'recalled', 'scrapped', 'shrinkage') as is_loss, r.active as is_active,
       r.takes
  from catalog.reason_codes r;

comment on view bi.dim_reason is 'One row per reason code for changes of stock by hand, and for lots that a picker passes over.';
comment on column bi.dim_reason.reason_code is 'The reason code.';
comment on column bi.dim_reason.description is 'Its meaning.';
comment on column bi.dim_reason.direction is 'in: adds units; out: removes them; both; pick: changes no stock.';
comment on column bi.dim_reason.is_loss is
  'Whether units removed for this reason are lost: damaged, expired, recalled, scrapped or missing.';
comment on column bi.dim_reason.is_active is 'False once retired.';
comment on column bi.dim_reason.takes is
  'The units that it takes away: of any lot, of sellable lots, of lots past their expiry date (expired), or of recalled lots.';
grant select on bi.dim_reason to bi_reader;
