// Formats numbers, money and times for people, in the page's language only.

const whole = new Intl.NumberFormat("en-US");
const signed = new Intl.NumberFormat("en-US", { signDisplay: "exceptZero" });
const clockTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayMonth = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const dateOnly = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const moneyFormats = new Map();

export const DAY_MILLISECONDS = 86_400_000;

/** 12345 -> "12,345" */
export const number = (value) => whole.format(value).replace("-", "−");

/** -3 -> "−3", 3 -> "+3", 0 -> "0" */
export const delta = (value) => signed.format(value).replace("-", "−");

export function money(value, currency = "USD") {
  if (!moneyFormats.has(currency)) moneyFormats.set(currency, new Intl.NumberFormat("en-US", { style: "currency", currency }));
  return moneyFormats.get(currency).format(value);
}

/** A date without a time, "2026-04-30" -> "30 Apr 2026" */
export const date = (text) => dateOnly.format(new Date(`${text}T00:00:00Z`));

const isSameDay = (a, b) => a.toDateString() === b.toDateString();

/** "14:05" today, "3 Oct 14:05" this year, "3 Oct 2025" before */
export function moment(text, now = new Date()) {
  const at = new Date(text);
  if (isSameDay(at, now)) return clockTime.format(at);
  return at.getFullYear() === now.getFullYear() ? `${dayMonth.format(at)}, ${clockTime.format(at)}` : dayMonthYear.format(at);
}

/** Today, Yesterday, or the day by name */
export function dayName(text, now = new Date()) {
  const at = new Date(text);
  if (isSameDay(at, now)) return "Today";
  if (isSameDay(at, new Date(now.getTime() - DAY_MILLISECONDS))) return "Yesterday";
  return at.getFullYear() === now.getFullYear() ? weekday.format(at) : dayMonthYear.format(at);
}

export const time = (text) => clockTime.format(new Date(text));

/** Whole days from today to a date: 0 today, negative when past */
export function daysUntil(text, now = new Date()) {
  const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  return Math.round((Date.parse(`${text}T00:00:00Z`) - today) / DAY_MILLISECONDS);
}

/** 1 -> "1 unit", 2 -> "2 units" */
export const count = (value, one, many = `${one}s`) => `${number(value)} ${Math.abs(value) === 1 ? one : many}`;

/** "partially_fulfilled" -> "Partially fulfilled" */
export function words(code) {
  const text = String(code ?? "").replaceAll("_", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}
