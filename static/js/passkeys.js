// Passkeys: a form with data-passkey has its button ask the browser, puts the answer in the form and sends it.
(() => {
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const known = (list) => (list || []).map((entry) => ({ ...entry, id: bytes(entry.id) }));

  const create = async ({ publicKey }, alone) => {
    const selection = { ...publicKey.authenticatorSelection };
    selection.residentKey = alone ? "required" : "discouraged";
    selection.requireResidentKey = alone;
    if (alone) selection.userVerification = "required";
    return navigator.credentials.create({
      publicKey: {
        ...publicKey,
        authenticatorSelection: selection,
        challenge: bytes(publicKey.challenge),
        user: { ...publicKey.user, id: bytes(publicKey.user.id) },
        excludeCredentials: known(publicKey.excludeCredentials),
      },
    });
  };

  const get = ({ publicKey }) =>
    navigator.credentials.get({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        allowCredentials: known(publicKey.allowCredentials),
      },
    });

  const answerOf = (credential) => {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    };
  };

  const optionsOf = async (form) => {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new DOMException("", "QuotaExceededError");
    return (await answer.json()).request_options;
  };

  const say = (form, sentence) => {
    const place = form.querySelector("[data-passkey-said]");
    place.textContent = sentence;
    place.hidden = !sentence;
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const button = form.querySelector("[data-passkey-button]");
    button.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (button.getAttribute("aria-disabled") === "true") return;
      button.setAttribute("aria-disabled", "true");
      say(form, "");
      try {
        if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
        const options = await optionsOf(form);
        const alone = form.elements.passwordless && form.elements.passwordless.checked;
        const credential = await (form.dataset.passkey === "create" ? create(options, Boolean(alone)) : get(options));
        form.elements.credential.value = JSON.stringify(answerOf(credential));
        form.submit();
      } catch (error) {
        say(form, form.querySelector("[data-passkey-said]").getAttribute(`data-${error.name.toLowerCase()}`) || error.message);
        button.removeAttribute("aria-disabled");
      }
    });
  });
})();
