// A form that was sent says so and is not sent twice. It comes back when the page does (back button, htmx answer).
document.addEventListener("submit", (event) => {
  const form = event.target;
  // not form.method: an input named "method" would hide it
  if (event.defaultPrevented || form.getAttribute("method") !== "post" || form.hasAttribute("hx-post")) return;
  if (form.getAttribute("aria-busy") === "true") event.preventDefault();
  form.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
});
