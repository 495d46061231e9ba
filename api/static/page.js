// The development page: its buttons act as the parent of their section, and it renews itself.
// Operations and words come with the page, from the contract that apps build on.
"use strict";

const RENEW_MS = 5000;
const NOTICE_MS = 6000;

const data = JSON.parse(document.getElementById("page-data").textContent);
const notice = document.getElementById("notice");
const shown = new Map();
let noticeTimer = 0;

function remember(root) {
  for (const part of root.querySelectorAll("[data-part]")) {
    shown.set(part.dataset.part, part.innerHTML);
  }
}

function say(words, refused) {
  clearTimeout(noticeTimer);
  notice.textContent = words;
  notice.classList.toggle("refused", refused);
  noticeTimer = setTimeout(() => (notice.textContent = ""), NOTICE_MS);
}

// crypto.randomUUID is missing where the page is read over plain HTTP from another machine.
function commandId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function input(button) {
  const given = { commandId: commandId(), cardId: button.dataset.card };
  if (button.dataset.act === "Snooze") given.until = button.dataset.until;
  if (button.dataset.act === "Undo") given.seenNumber = Number(button.dataset.number);
  return given;
}

// A button at work is not `disabled`: that would take the focus from whoever pressed it by key.
async function act(button) {
  if (button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "x-osrati-act-as": button.closest("[data-person]").dataset.person,
      },
      body: JSON.stringify({
        query: data.operations[`${button.dataset.act}Card`],
        variables: { language: data.language, input: input(button) },
      }),
    });
    const answer = await response.json();
    const outcome = answer.data && Object.values(answer.data)[0];
    if (!outcome) say(answer.errors ? answer.errors[0].message : data.failed, true);
    else if (outcome.message) say(outcome.message, true);
    else say(data.done[button.dataset.act], false);
    await renew();
  } catch {
    say(data.failed, true);
  } finally {
    button.ariaDisabled = null;
  }
}

// Replaces only the parts that the server now writes otherwise; what was unfolded stays unfolded.
async function renew() {
  const response = await fetch(location.pathname + location.search);
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    if (shown.get(name) === part.innerHTML) continue;
    shown.set(name, part.innerHTML);
    const old = document.querySelector(`[data-part="${name}"]`);
    for (const open of old.querySelectorAll("details[open][data-key]")) {
      const same = part.querySelector(`details[data-key="${CSS.escape(open.dataset.key)}"]`);
      if (same) same.open = true;
    }
    const focused = old.contains(document.activeElement) ? document.activeElement : null;
    const card = focused && focused.closest(".card");
    old.replaceWith(document.adoptNode(part));
    refocus(focused, card);
  }
}

// The button pressed may be gone with its act: then its card has the focus,
// or the folded group that the card went to.
function refocus(focused, card) {
  if (!focused) return;
  const same = focused.id && document.getElementById(focused.id);
  const fallback = card && document.getElementById(card.id);
  if (same) same.focus({ preventScroll: true });
  else if (fallback) {
    const folded = fallback.closest("details.group:not([open])");
    const next = folded ? folded.firstElementChild : fallback.querySelector("button, summary");
    next.focus({ preventScroll: true });
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (button) act(button);
});

remember(document);
setInterval(() => {
  if (!document.hidden) renew().catch(() => {});
}, RENEW_MS);
