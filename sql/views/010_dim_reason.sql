create or replace view bi.dim_reason with (security_invoker = true) as
select r.reason_code, r.description, r.direction,
       r.reason_code in ('damaged', 'expired', 'recalled', 'scrapped', 'shrinkage') as is_loss, r.active as is_active
  from catalog.reason_codes r;

comment on view bi.dim_reason is 'One row a reason for which stock is changed by hand.';
comment on column bi.dim_reason.reason_code is 'The code of the reason.';
comment on column bi.dim_reason.description is 'What it stands for.';
comment on column bi.dim_reason.direction is 'in: adds units; out: takes them away; both.';
comment on column bi.dim_reason.is_loss is
  'Whether units that go for this reason are lost: damaged, expired, recalled, scrapped, or missing.';
comment on column bi.dim_reason.is_active is 'False once it is retired.';
grant select on bi.dim_reason to bi_reader;
