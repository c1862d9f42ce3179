-- Packagings: how many units of a SKU come in one case, and the number that is printed on it.

create table catalog.packagings (
  packaging_id text collate "C" not null,
  sku_id text collate "C" not null,
  name text not null,
  units integer not null,
  gtin text collate "C",
  weight_g integer,
  active boolean not null default true,
  version integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint packagings_pkey primary key (packaging_id),
  constraint packagings_gtin_key unique (gtin),
  constraint packagings_sku_id_fkey foreign key (sku_id) references catalog.skus (sku_id) on delete restrict,
  constraint packagings_packaging_id_is_a_code_check check (packaging_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
  constraint packagings_name_is_a_code_check check (name ~ '^[a-z][a-z0-9_-]{0,39}$'),
  constraint packagings_units_is_between_1_and_1000000_check check (units between 1 and 1000000),
  constraint packagings_gtin_has_14_digits_check check (gtin ~ '^[0-9]{14}$'),
  constraint packagings_weight_is_positive_check check (weight_g > 0)
);
comment on table catalog.packagings is
  'How units of a SKU are packed: a case of 12, or the bottle itself (units 1). Stock is always counted in units. Units and SKU never change: '
  'a new size of the case is a new row.';
comment on column catalog.packagings.name is 'What requests call it (case). Of a SKU, one active packaging has the name.';
comment on column catalog.packagings.gtin is 'With 14 digits, whatever symbol carries it: leading zeros make a GTIN-8, UPC-A or EAN-13 as long.';
create unique index packagings_sku_id_name_key on catalog.packagings (sku_id, name) where active;
create index packagings_sku_id_idx on catalog.packagings (sku_id);
create unique index packagings_packaging_id_lower_key on catalog.packagings (lower(packaging_id collate "C"));
