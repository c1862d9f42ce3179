// Runs before the first paint, so that a dark page does not flash light. `data-theme` is always light or dark; the stored choice may
// also be "auto", the default.
const dark = matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try {
    return localStorage.getItem("scoville.theme") ?? "auto";
  } catch {
    return "auto";
  }
}

function show() {
  const theme = chosen() === "auto" ? (dark.matches ? "dark" : "light") : chosen();
  document.documentElement.dataset.theme = theme;
  document.querySelector("meta[name=theme-color]")?.setAttribute("content", theme === "dark" ? "#171412" : "#faf8f5");
}

dark.addEventListener("change", show);
addEventListener("scoville:theme", show);
show();
