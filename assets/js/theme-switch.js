// <button data-theme-switch>: flips light and dark and remembers it on this device.
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("[data-theme-switch]")) return;
  const root = document.documentElement;
  root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("opulse-theme", root.dataset.bsTheme);
  } catch {
    // without storage the choice lasts for this page
  }
});
