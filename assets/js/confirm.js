// A <dialog popover> opens by `popovertarget` without script. With script it becomes truly modal: focus is kept inside.
document.addEventListener("click", (event) => {
  const opener = event.target.closest?.("[popovertarget]");
  const dialog = opener && document.getElementById(opener.getAttribute("popovertarget"));
  if (dialog?.tagName !== "DIALOG") return;
  event.preventDefault();
  if (dialog.open) dialog.close();
  else dialog.showModal();
});

// A click on the backdrop closes it, as a popover's does.
document.addEventListener("click", (event) => {
  if (event.target.tagName === "DIALOG" && event.target.open) event.target.close();
});
