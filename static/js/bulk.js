// Choosing many rows of the table: all of the page, a range, all that match. Without scripts the form under the
// table asks in words.
(() => {
  const $ = (selector) => document.querySelector(selector);
  const picks = () => [...document.querySelectorAll("td .pick input")];
  let last = null; // the tick a range begins at

  const scope = (name) => {
    if ($("#bulk-scope")) $("#bulk-scope").value = name;
  };

  const show = () => {
    const bar = $("#bulk");
    if (!bar) return;
    const ticked = picks().filter((pick) => pick.checked).length;
    const every = $("#bulk-scope").value === "match";
    const count = every ? bar.dataset.total : String(ticked);
    const page = $("#pick-page");
    page.checked = ticked > 0 && ticked === picks().length;
    page.indeterminate = ticked > 0 && !page.checked;
    if ($("#bulk-match")) $("#bulk-match").hidden = every || !page.checked;
    if ($("#bulk-count").textContent === count) return;
    $("#bulk-count").textContent = count;
    $("#announcer").textContent = bar.dataset.says.replace("{count}", count);
  };

  const tickAll = (yes) => {
    picks().forEach((pick) => (pick.checked = yes));
    scope("ticked");
    show();
  };

  document.addEventListener("change", (event) => {
    if (event.target.id === "pick-page") tickAll(event.target.checked);
    else if (event.target.matches("td .pick input")) {
      scope("ticked");
      show();
    }
  });

  document.addEventListener("click", (event) => {
    const pick = event.target.closest("td .pick input");
    if (pick) {
      const rows = picks();
      const [from, to] = [rows.indexOf(last), rows.indexOf(pick)].sort((a, b) => a - b);
      if (event.shiftKey && from >= 0) rows.slice(from, to + 1).forEach((row) => (row.checked = pick.checked));
      last = pick;
    } else if (event.target.closest("#bulk-clear")) {
      tickAll(false);
      $("#pick-page").focus();
    } else if (event.target.closest("#bulk-match")) {
      scope("match");
      show();
      $("#bulk-route").focus();
    }
  });

  // The bar goes with the old table; who stood in it is led back to the table's head.
  let stoodInBar = false;
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target.id === "numbers") stoodInBar = $("#bulk:focus-within") !== null;
  });
  document.body.addEventListener("htmx:afterSettle", (event) => {
    show();
    // Inside the dialog: what stands outside is not read aloud while it is open.
    if (event.target.id === "bulk-outcome") $("#bulk-heard").textContent = $(".bulk-sums").textContent;
    if (stoodInBar && $("#pick-page")) $("#pick-page").focus({ preventScroll: true });
    stoodInBar = false;
  });
})();
