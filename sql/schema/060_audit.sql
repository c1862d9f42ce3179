create domain audit.action as text constraint action_is_known_check check (value in ('insert', 'update', 'delete'));
comment on domain audit.action is 'What was done to a row.';

create sequence audit.audit_log_audit_id_seq;
create table audit.audit_log (
  region_id smallint not null,
  audit_id bigint not null default nextval('audit.audit_log_audit_id_seq'),
  recorded_at timestamptz not null,
  actor text not null,
  role text not null,
  action audit.action not null,
  table_name text not null,
  row_key text not null,
  old jsonb,
  new jsonb,
  reason text,
  request_id text,
  constraint audit_log_pkey primary key (region_id, audit_id, recorded_at)
) partition by range (recorded_at);
alter sequence audit.audit_log_audit_id_seq owned by audit.audit_log.audit_id;
comment on table audit.audit_log is
  'Who changed what, when and why. For an update, old and new hold only the differences. Rows of the catalog have region 0.';
create index audit_log_row_key_idx on audit.audit_log (region_id, table_name, row_key, audit_id);
create table audit.audit_log_default partition of audit.audit_log default;
comment on table audit.audit_log_default is 'Catches rows of a month that has no partition yet.';
