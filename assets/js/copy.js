// <button data-copy="id of an input or element">: copies its text and says so, also to screen readers.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  if (!source) return;
  const text = source.value ?? source.textContent;
  announce(button, (await copied(source, text)) ? "Copied" : "Press Ctrl+C");
});

async function copied(source, text) {
  try {
    await navigator.clipboard.writeText(text.trim());
    return true;
  } catch {
    // plain http has no clipboard API: select the text, so that one key copies it
    source.select?.();
    return false;
  }
}

function announce(button, words) {
  const label = button.querySelector("[data-copy-label]") ?? button;
  const before = label.textContent;
  label.textContent = words;
  button.classList.add("is-copied");
  setTimeout(() => {
    label.textContent = before;
    button.classList.remove("is-copied");
  }, 1600);
}
