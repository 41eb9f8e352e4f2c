// KYC: files may be dropped where they can be chosen, and one that is too large is said so before it travels.
(() => {
  const judge = (form) => {
    const input = form.querySelector("[type=file]");
    const file = input.files[0];
    const large = file && file.size > Number(form.dataset.largest);
    input.setCustomValidity(large ? form.dataset.tooLarge : "");
    if (large) input.reportValidity();
  };

  document.querySelectorAll("[data-drop]").forEach((form) => {
    const over = (event, on) => {
      if (!event.dataTransfer || !event.dataTransfer.types.includes("Files")) return;
      event.preventDefault();
      form.classList.toggle("is-over", on);
    };
    form.addEventListener("dragover", (event) => over(event, true));
    form.addEventListener("dragleave", (event) => over(event, false));
    form.addEventListener("drop", (event) => {
      over(event, false);
      if (!event.dataTransfer.files.length) return;
      const one = new DataTransfer();
      one.items.add(event.dataTransfer.files[0]);
      form.querySelector("[type=file]").files = one.files;
      judge(form);
    });
    form.addEventListener("change", () => judge(form));
  });
})();
