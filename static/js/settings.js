// The settings' pages: copying what must not be repeated in a toast, and forms that are sent once.
(() => {
  const say = (text, tone) => document.body.dispatchEvent(new CustomEvent("toast", { detail: { text, tone } }));

  // On a phone the tabs scroll sideways: the one that is open is shown.
  const tabs = document.querySelector(".tabs");
  const open = tabs?.querySelector("[aria-current]");
  if (open) tabs.scrollLeft = open.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - open.offsetWidth) / 2;

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy-from]");
    if (!button) return;
    const shown = document.getElementById(button.dataset.copyFrom);
    try {
      await navigator.clipboard.writeText(shown.textContent);
      say(button.dataset.said, "ok");
    } catch {
      getSelection().selectAllChildren(shown);
      say(button.dataset.unsaid, "trouble");
    }
  });

  // The second press would be answered with “made already”, and the first answer, with the secret, be lost.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]:not([hx-post])")) return;
    if ("sent" in form.dataset) event.preventDefault();
    form.dataset.sent = "";
    form.querySelector("[type=submit]").setAttribute("aria-disabled", "true");
  });

  addEventListener("pageshow", () => {
    document.querySelectorAll("[data-sent]").forEach((form) => {
      delete form.dataset.sent;
      form.querySelector("[type=submit]").removeAttribute("aria-disabled");
    });
  });
})();
