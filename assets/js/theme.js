// Runs before the first paint (no `defer`): the stored theme, else what the system prefers.
const stored = (() => {
  try {
    return localStorage.getItem("opulse-theme");
  } catch {
    return null; // storage is forbidden in some private windows
  }
})();
const dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
document.documentElement.dataset.bsTheme = dark ? "dark" : "light";
document.documentElement.classList.add("has-script");
