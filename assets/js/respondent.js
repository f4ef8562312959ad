// Optional: the page is complete without it.
const form = document.querySelector("form");

// data-show-if="name=value|value": hides a question that does not apply. The server decides again with the same rule.
function refresh() {
  const answers = new FormData(form);
  for (const question of form.querySelectorAll("[data-show-if]")) {
    const [name, values] = question.dataset.showIf.split("=");
    const wanted = values.split("|");
    question.hidden = !answers.getAll(name).some((value) => wanted.includes(value));
  }
}

if (form) {
  form.addEventListener("input", ({ target }) => {
    const slider = target.type === "range" && target.closest(".slider");
    if (slider) {
      slider.querySelector("output").value = target.value;
      const skip = slider.querySelector("[type=checkbox]");
      if (skip) skip.checked = false;
    }
    refresh();
  });
  form.addEventListener("submit", (event) => {
    if (form.ariaBusy) event.preventDefault();
    form.ariaBusy = "true";
  });
  addEventListener("pageshow", () => (form.ariaBusy = null));
  refresh();
}
document.querySelector(".problems")?.focus();
