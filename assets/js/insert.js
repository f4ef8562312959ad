// <button data-insert="text" data-insert-into="id of a text area">: writes the text where the cursor stands. Without script the
// button sends the form, and the text comes back at the end of the area.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert]");
  const area = button && document.getElementById(button.dataset.insertInto);
  if (!area) return;
  event.preventDefault();
  area.setRangeText(button.dataset.insert, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
});
