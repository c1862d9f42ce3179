// A shop on openapi-fetch, typed by what openapi-typescript made of the description. Prints what it saw, as JSON.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

const [, , baseUrl, token] = process.argv;
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

function draft(quantity: number): components["schemas"]["OrderDraft"] {
  const customer = { name: "Jane Doe", email: "jane@example.com" };
  return { customer, items: [{ sku_id: "HOTSAUCE-001", quantity, price: 12.99 }] };
}

async function place(quantity: number, key: string) {
  return client.POST("/v1/orders", { params: { header: { "Idempotency-Key": key } }, body: draft(quantity) });
}

async function available(): Promise<number> {
  const { data, error } = await client.GET("/v1/inventory/{sku_id}", { params: { path: { sku_id: "HOTSAUCE-001" } } });
  if (error) throw new Error(error.detail);
  return data.available;
}

const before = await available();
const key = crypto.randomUUID();
const first = await place(3, key);
const again = await place(3, key);
const refused = await place(999_999, crypto.randomUUID());
if (!first.data || !("order_id" in first.data)) throw new Error("no order");
if (!again.data || !("order_id" in again.data)) throw new Error("no order");
if (!refused.error) throw new Error("not refused");
const ordered = await available();
const canceled = await client.PUT("/v1/orders/{order_id}/cancel", { params: { path: { order_id: first.data.order_id } } });
console.log(
  JSON.stringify({
    order_id: first.data.order_id,
    total: first.data.total_price,
    same: again.data.order_id === first.data.order_id,
    replayed: again.response.headers.get("Idempotency-Replayed"),
    refused: [refused.error.status, refused.error.code, refused.error.errors[0].available],
    sold: before - ordered,
    status: canceled.data?.status,
  }),
);
