-- Orders (or reads) for wrk: the load of this bench, which can also load other systems.
--
--   LINE='{"product":"$sku","qty":1}' BODY='{"lines":[$lines]}' HEADERS='Authorization: Bearer ...' \
--     wrk -t1 -c64 -d10 --latency -s orders.lua http://127.0.0.1:3000/api/orders
--
-- Environment variables; the defaults are for Scoville:
--   METHOD       POST; GET appends /$sku to the URL's path
--   BODY, LINE   templates: $lines are LINES lines separated by commas, $sku a product, $n a number unique to the request
--   LINES, SKUS  lines of an order (1), products (1); SKU: format of their names for string.format (SKU-%04d)
--   ZIPF         1: the first product is ordered most, the second half as often, and so on
--   HEADERS      lines of "Name: value"; RUN: prefix of the Idempotency-Key, which is $RUN-$n
-- Prints one line of JSON: seconds, responses by status, latencies in milliseconds. It counts responses only; query the system
-- afterwards for the units sold.
local function setting(name, default)
  local text = os.getenv(name)
  if text == nil or text == "" then return default end
  return text
end
local method, sku_format = setting("METHOD", "POST"), setting("SKU", "SKU-%04d")
local line = setting("LINE", '{"sku_id":"$sku","quantity":1}')
local body = setting("BODY", '{"customer":{"name":"Jane Doe","email":"jane@example.com","address":"123 Hot St, Spicetown, USA"},'
  .. '"items":[$lines]}')
local skus, lines = tonumber(setting("SKUS", "1")), tonumber(setting("LINES", "1"))
local zipf, run, count = setting("ZIPF", "0") == "1", setting("RUN", tostring(os.time())), 0
local headers, sums = {["Content-Type"] = "application/json"}, {}
for name, value in setting("HEADERS", ""):gmatch("([^:\n]+):%s*([^\n]*)") do headers[name] = value end
statuses = {}
function init()
  math.randomseed(os.time())
  if zipf then
    local total = 0
    for rank = 1, skus do total = total + 1 / rank; sums[rank] = total end
  end
end
local function sku()
  local number = 0
  if zipf then
    local at, low, high = math.random() * sums[skus], 1, skus
    while low < high do
      local middle = math.floor((low + high) / 2)
      if sums[middle] < at then low = middle + 1 else high = middle end
    end
    number = low - 1
  elseif skus > 1 then number = math.random(0, skus - 1) end
  return string.format(sku_format, number)
end
local function fill(template, name, value) return (template:gsub("%$" .. name, (value:gsub("%%", "%%%%")))) end
function request()
  if method == "GET" then return wrk.format("GET", wrk.path .. "/" .. sku(), headers) end
  count = count + 1
  local items = {}
  for number = 1, lines do items[number] = fill(line, "sku", sku()) end
  headers["Idempotency-Key"] = run .. "-" .. count
  return wrk.format(method, wrk.path, headers, fill(fill(body, "lines", table.concat(items, ",")), "n", run .. "-" .. count))
end
function response(status) statuses[status] = (statuses[status] or 0) + 1 end
local thread
function setup(made) thread = made end
function done(summary, latency)
  local parts = {}
  for status, number in pairs(thread:get("statuses")) do parts[#parts + 1] = '"' .. status .. '":' .. number end
  io.write(string.format('{"seconds":%f,"p50":%f,"p99":%f,"statuses":{%s}}\n', summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, table.concat(parts, ",")))
end
