/* Passkeys: asks the browser, and posts what it answers. Only on pages that need it. */
"use strict";

(() => {
  const isAddress = /^[\d.]+$|^\[/.test(location.hostname);
  const isSupported = Boolean(window.PublicKeyCredential) && !isAddress;

  // What browsers learn to do themselves: bytes are written as base64 for URLs.
  const toBytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const toText = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes)))
      .replace(/\+/g, "-")
      .replace(/\//g, "_")
      .replace(/=+$/, "");
  const withBytes = (list) => (list ?? []).map((key) => ({ ...key, id: toBytes(key.id) }));

  function read(options) {
    const read = { ...options, challenge: toBytes(options.challenge) };
    if (options.user) read.user = { ...options.user, id: toBytes(options.user.id) };
    if (options.excludeCredentials) read.excludeCredentials = withBytes(options.excludeCredentials);
    if (options.allowCredentials) read.allowCredentials = withBytes(options.allowCredentials);
    return read;
  }

  function write(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = toText(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      clientExtensionResults: credential.getClientExtensionResults(),
      response,
    });
  }

  async function ask(form) {
    const answer = await fetch(form.dataset.options, {
      method: "POST",
      body: new URLSearchParams({
        csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
        purpose: form.dataset.passkey,
      }),
    });
    if (answer.status === 403) return location.reload();
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    const publicKey = read(await answer.json());
    const isNew = form.dataset.passkey === "new";
    const call = isNew ? navigator.credentials.create : navigator.credentials.get;
    return call.call(navigator.credentials, { publicKey });
  }

  async function onSubmit(event) {
    const form = event.target.closest("form[data-passkey]");
    if (!form || form.elements.credential.value) return;
    event.preventDefault();
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    try {
      const credential = await ask(form);
      if (!credential) return;
      form.elements.credential.value = write(credential);
      form.requestSubmit();
    } catch {
      failed.hidden = false;
    }
  }

  // The same server by the name that browsers trust without https.
  function offerLocalhost(form) {
    if (!/^127\.|^\[::1\]$/.test(location.hostname)) return;
    const offer = form.querySelector("[data-passkey-localhost]");
    const url = new URL(location.href);
    url.hostname = "localhost";
    offer.querySelector("a").href = url;
    offer.hidden = false;
  }

  // In the capture phase: before the form is marked as sent.
  document.addEventListener("submit", onSubmit, true);

  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-passkey]")) {
      form.elements.credential.value = "";
      if (isSupported) continue;
      // At the login the password does it; elsewhere somebody chose a passkey.
      if (form.dataset.passkey === "login") {
        form.remove();
        continue;
      }
      form.querySelector("[data-passkey-unsupported]").hidden = false;
      offerLocalhost(form);
      for (const button of form.querySelectorAll("button")) button.disabled = true;
    }
  });
})();
