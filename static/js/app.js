// What pages do beyond links, forms and htmx. Nothing here is needed to get work done without scripts.
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const modal = $("#modal");
  const modalBody = $("#modal-body");
  let opener = null; // who gets the focus back
  let typed = false; // something would be lost with the dialog

  // --- the dialog -----------------------------------------------------------------------------------

  const openModal = () => {
    if (modal.open) return;
    all("details[data-menu][open]").forEach((menu) => (menu.open = false));
    modal.showModal();
    const first = $("[autofocus], select, input:not([type=hidden]), button:not([hidden])", modalBody);
    if (first) first.focus();
  };

  const closeModal = () => {
    typed = false;
    modal.close();
  };

  const askToClose = () => (typed ? $("#leave").showModal() : closeModal());

  if (modal) {
    modal.addEventListener("cancel", (event) => {
      event.preventDefault();
      askToClose();
    });
    modal.addEventListener("close", () => {
      modalBody.replaceChildren();
      const back = opener && document.getElementById(opener);
      if (back) back.focus();
      opener = null;
    });
    modal.addEventListener("input", (event) => {
      if (event.target.closest("[data-keeps]")) typed = event.target.value !== "";
    });
    document.body.addEventListener("close-modal", closeModal);
  }

  const outside = (dialog, event) => {
    const box = dialog.getBoundingClientRect();
    return (
      event.target === dialog &&
      (event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom)
    );
  };

  document.addEventListener("mousedown", (event) => {
    if (modal && modal.open && outside(modal, event)) askToClose();
    const shortcuts = $("#shortcuts");
    if (shortcuts && shortcuts.open && outside(shortcuts, event)) shortcuts.close();
  });

  // --- toasts -----------------------------------------------------------------------------------------

  const retire = (toast) => {
    if ("stays" in toast.dataset) return;
    let timer = setTimeout(() => toast.remove(), $("[data-undo]:not([hidden])", toast) ? 15000 : 6000);
    toast.addEventListener("pointerenter", () => clearTimeout(timer));
    toast.addEventListener("pointerleave", () => {
      timer = setTimeout(() => toast.remove(), 3000);
    });
  };

  // The button of a toast posts to where its change is undone, and the toast goes.
  const offerUndo = (made, address) => {
    const button = $("[data-undo]", made);
    button.setAttribute("hx-post", address);
    button.setAttribute("hx-swap", "none");
    button.hidden = false;
    button.addEventListener("htmx:afterRequest", () => made.remove());
    htmx.process(button);
  };

  // Sentences come with the page, in its language.
  const said = (which, value = "") => $("#toasts").dataset[which].replace("{value}", value);

  const toast = (text, tone = "ok", undo = "") => {
    const template = $(tone === "trouble" ? "#toast-trouble-template" : "#toast-template");
    const made = template.content.firstElementChild.cloneNode(true);
    $("span", made).textContent = text;
    all("[data-toast]")
      .filter((shown, place, every) => $("span", shown).textContent === text || place < every.length - 1)
      .forEach((shown) => shown.remove());
    $("#toasts").append(made);
    if (undo) offerUndo(made, undo);
    raise();
    retire(made);
  };

  // Above an open dialog, too: what is shown last lies on top.
  const raise = () => {
    const toasts = $("#toasts");
    if (!toasts.showPopover) return;
    toasts.popover = "manual";
    if (toasts.matches(":popover-open")) toasts.hidePopover();
    toasts.showPopover();
  };

  all("[data-toast]").forEach(retire);
  document.body.addEventListener("toast", (event) => toast(event.detail.text, event.detail.tone, event.detail.undo));

  // --- theme ------------------------------------------------------------------------------------------

  const showTheme = () => {
    const chosen = document.documentElement.dataset.theme || "";
    all("[data-theme-choice]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
    });
  };

  const chooseTheme = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    try {
      if (theme) localStorage.setItem("theme", theme);
      else localStorage.removeItem("theme");
    } catch {
      // It lasts for this page, then.
    }
    showTheme();
  };

  showTheme();

  // --- drawer -----------------------------------------------------------------------------------------

  const rail = $("#rail");

  const drawn = (yes) => {
    rail.classList.toggle("is-drawn", yes);
    const scrim = $(".scrim");
    if (yes && !scrim) {
      rail.insertAdjacentHTML("afterend", '<div class="scrim" data-drawer-close></div>');
      $("a, summary", rail).focus();
    } else if (!yes && scrim) {
      scrim.remove();
      $("[data-drawer]").focus();
    }
  };

  // --- copying ----------------------------------------------------------------------------------------

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      toast(said("copied", button.dataset.copy));
    } catch {
      toast(said("notCopied", button.dataset.copy), "trouble");
    }
    const menu = button.closest("details[open]");
    if (menu) menu.open = false;
  };

  // --- clicks -----------------------------------------------------------------------------------------

  const clicks = {
    "[data-copy]": copy,
    "[data-dismiss-toast]": (button) => button.closest("[data-toast]").remove(),
    "[data-theme-choice]": (button) => chooseTheme(button.dataset.themeChoice),
    "[data-open-dialog]": (button) => $(`#${button.dataset.openDialog}`).showModal(),
    "[data-close-dialog]": (button) => button.closest("dialog").close(),
    "[data-close-modal]": askToClose,
    "[data-leave]": () => {
      $("#leave").close();
      closeModal();
    },
    "[data-drawer]": () => drawn(true),
    "[data-drawer-close]": () => drawn(false),
    "[data-retry-search]": () => htmx.trigger("#buy-search", "retry-search"),
  };

  document.addEventListener("click", (event) => {
    all("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    for (const [selector, act] of Object.entries(clicks)) {
      const hit = event.target.closest(selector);
      if (!hit || (selector === "[data-retry-search]" && !$("#buy-search"))) continue;
      event.preventDefault();
      act(hit);
      return;
    }
  });

  // A menu in a scrolling frame would be cut off: it floats above the page instead.
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      const list = menu.matches("[data-menu]") && menu.open && menu.closest(".table-frame") && $(".menu-list", menu);
      if (!list) return;
      const from = $("summary", menu).getBoundingClientRect();
      const below = from.bottom + list.offsetHeight + 8 < innerHeight;
      list.style.position = "fixed";
      list.style.right = `${document.documentElement.clientWidth - from.right}px`;
      list.style.top = `${below ? from.bottom + 4 : from.top - list.offsetHeight - 4}px`;
    },
    true,
  );

  const closeFloating = () => all(".table-frame details[data-menu][open]").forEach((menu) => (menu.open = false));
  addEventListener("scroll", closeFloating, { capture: true, passive: true });

  document.addEventListener(
    "scroll",
    (event) => {
      const frame = event.target;
      if (frame.matches && frame.matches("[data-scroll-edge]")) {
        frame.classList.toggle("is-scrolled", frame.scrollLeft > 0);
      }
    },
    { capture: true, passive: true },
  );

  // --- keys -------------------------------------------------------------------------------------------

  const isTyping = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = $("details[data-menu][open]");
      if (menu) {
        menu.open = false;
        $("summary", menu).focus();
      } else if (rail && rail.classList.contains("is-drawn")) drawn(false);
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || $("dialog[open]")) return;
    if (event.key === "?" && $("#shortcuts")) $("#shortcuts").showModal();
    const target = $(`[data-shortcut="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) {
      target.focus();
      target.select();
    } else {
      target.focus();
      target.click();
    }
  });

  // --- htmx -------------------------------------------------------------------------------------------

  const sentenceOf = (xhr) => {
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    const sentence = page.querySelector("[data-sentence]");
    return sentence ? sentence.textContent : said("unclear", xhr.status);
  };

  const body = document.body;

  // What a page asks by itself is no use of the session: nobody may be sitting there.
  body.addEventListener("htmx:configRequest", (event) => {
    const { elt, headers, triggeringEvent } = event.detail;
    if (!triggeringEvent && elt.matches("[hx-trigger*='every ']")) headers["X-Poll"] = "1";
  });

  body.addEventListener("htmx:beforeRequest", (event) => {
    const element = event.detail.elt;
    // A row does not look at itself while nobody watches, or while its menu is open.
    if (element.matches("[data-poll]") && (document.hidden || $("details[open]", element))) event.preventDefault();
    if (event.detail.target === modalBody) opener = element.id || null;
  });

  body.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target === modalBody) openModal();
    if (modal && !$("[data-keeps]", modalBody)) typed = false; // it was sent: nothing is lost any more
  });

  body.addEventListener("htmx:responseError", (event) => {
    if (event.detail.elt.matches("[data-poll]")) return;
    toast(sentenceOf(event.detail.xhr), "trouble");
  });

  // No answer at all. The offers say it where they would stand; the rest in a toast.
  const silence = (event) => {
    const pane = event.detail.target && event.detail.target.closest("[data-failure]");
    if (pane) {
      event.detail.target.replaceChildren($(`#${pane.dataset.failure}`).content.cloneNode(true));
    } else if (!event.detail.elt.matches("[data-poll]")) {
      toast(said("silence"), "trouble");
    }
  };
  body.addEventListener("htmx:sendError", silence);
  body.addEventListener("htmx:timeout", silence);

  // The filters stand outside the table: mark what is set as the table comes back.
  body.addEventListener("change", (event) => {
    if (event.target.matches(".filters select")) event.target.classList.toggle("is-set", event.target.value !== "");
  });

  // An answer about what was typed a moment ago says so once something else is typed.
  body.addEventListener("input", (event) => {
    const form = event.target.closest("[data-outdates]");
    const answer = form && $(`#${form.dataset.outdates}`).firstElementChild;
    if (answer) answer.classList.add("is-outdated");
  });

  // --- time that passes -------------------------------------------------------------------------------

  const since = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    return seconds < 172800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86400)} days`;
  };

  setInterval(() => {
    all("time[data-since]").forEach((time) => {
      const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000));
      time.textContent = since(seconds);
    });
  }, 1000);
})();
