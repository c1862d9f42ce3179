-- The refusal of a path that names nothing in the catalog.
create or replace function catalog.missing(
  p_noun text,
  p_id text
)
  returns api.refusal
  language sql
  stable
  set search_path = ''
as $$
  select app.refuse(p_code => case p_noun when 'skus' then 'ST010' else 'SK001' end,
           p_detail => format('%s is not in /v1/%s.%s GET /v1/%s lists what exists.', p_id, p_noun,
             case when p_noun = 'skus' then catalog.suggest_sku(p_id) end, p_noun));
$$;

grant execute on function catalog.missing(text, text) to scoville_definer, admin, warehouse, sales, integration;
