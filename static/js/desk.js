// Django's pickers say in aria-label what their "?" means, on an element that may not have one without a role.
addEventListener("load", () => {
  setTimeout(() => {
    for (const hint of document.querySelectorAll("span.help-tooltip[aria-label]")) hint.setAttribute("role", "img");
  });
});
