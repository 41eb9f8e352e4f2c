// What Django's own controls leave unsaid to those who hear pages.
addEventListener("load", () => {
  setTimeout(() => {
    // An aria-label on an element without a role is not read.
    for (const hint of document.querySelectorAll("span.help-tooltip[aria-label]")) hint.setAttribute("role", "img");
    for (const shown of document.querySelectorAll(".select2-selection__rendered")) {
      const field = shown.id.slice("select2-".length, -"-container".length);
      const label = document.querySelector(`label[for="${field}"]`);
      if (label) shown.setAttribute("aria-label", label.textContent.trim());
    }
  });
});
