-- These drafts as they demand stock: each line of a bundle becomes the units of its components.
create or replace function orders.explode_drafts(
  p_drafts orders.draft[]
)
  returns orders.draft[]
  language plpgsql
  immutable
  set search_path = ''
as $$
declare
  v_draft orders.draft;
begin
  for i in 1 .. cardinality(p_drafts) loop
    continue when p_drafts[i].bundles is null;
    v_draft := p_drafts[i];
    select array_agg(coalesce(c.sku_id, l.sku_id)), array_agg(l.quantity * coalesce(c.quantity, 1))
      into v_draft.sku_ids, v_draft.quantities
      from rows from (unnest(v_draft.sku_ids), unnest(v_draft.quantities)) with ordinality as l (sku_id, quantity, line_no)
      left join lateral jsonb_to_recordset(v_draft.bundles -> l.line_no::text) as c (sku_id text, quantity bigint) on true;
    p_drafts[i] := v_draft;
  end loop;
  return p_drafts;
end
$$;

grant execute on function orders.explode_drafts(orders.draft[]) to scoville_definer;
