-- Hashes of secrets: no role of the API reads them.
alter table identity.client_secrets enable row level security;
alter table identity.client_secrets force row level security;

-- Nothing is granted before tokens are issued.
