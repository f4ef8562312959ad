// <button data-insert="text" data-insert-into="id of a field">: writes the text where the cursor stands, or at the end of a field
// that nobody has been in. Without script the button sends the form, and the text comes back at the end of the field.
document.addEventListener("focusin", ({ target }) => {
  if (target.matches?.("input, textarea")) target.dataset.visited = "";
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert]");
  const area = button && document.getElementById(button.dataset.insertInto);
  if (!area) return;
  event.preventDefault();
  if (!("visited" in area.dataset)) area.setSelectionRange(area.value.length, area.value.length);
  area.setRangeText(button.dataset.insert, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
});
