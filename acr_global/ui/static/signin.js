// The page to sign in with: what is typed goes in a header to the host, which compares it; what comes
// back is a cookie.
"use strict";

const form = document.querySelector("form");
const said = document.querySelector("[role=alert]");

function enter() {
  location.replace(form.dataset.then || location.pathname + location.search);
}

async function signIn() {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { "x-functions-key": form.elements.key.value.trim() },
  });
  if (answer.ok) return enter();
  said.textContent = answer.status === 401
    ? "The app does not know this key."
    : `The app answered ${answer.status}. Try again.`;
  form.elements.key.select();
}

// A link on another site brings no session along; the same step from here does.
if (form.dataset.again) enter();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  said.textContent = "";
  signIn().catch(() => {
    said.textContent = "This key cannot be sent, or the app does not answer.";
  });
});
