// <form data-unsaved>: marks the form once something changed and asks before the page is left.
let leaving = false;

const markedForm = (target) => target.closest?.("form[data-unsaved]");

document.addEventListener("input", (event) => markedForm(event.target)?.classList.add("is-unsaved"));
document.addEventListener("submit", (event) => {
  leaving = !event.defaultPrevented;
});
addEventListener("beforeunload", (event) => {
  if (!leaving && document.querySelector("form.is-unsaved")) event.preventDefault();
});
