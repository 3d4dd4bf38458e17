// What the pages do beyond HTML: times in the reader's zone, what is left until a deadline, and new
// content as soon as there is some. Without it each page shows the same, in UTC, once.
"use strict";

const DAY = { year: "numeric", month: "short", day: "numeric" };
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
const clock = new Intl.DateTimeFormat(undefined, CLOCK);
const dayAndClock = new Intl.DateTimeFormat(undefined, { ...DAY, ...CLOCK });

const local = (moment) =>
  (moment.toDateString() === new Date().toDateString() ? clock : dayAndClock).format(moment);

function showTimes(within) {
  for (const time of within.querySelectorAll("time")) {
    time.textContent = local(new Date(time.dateTime));
  }
}

function duration(seconds) {
  const [h, m, s] = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(Math.floor);
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

// Each second: what is left until deadlines, and where the present is on the line.
function tick() {
  for (const place of document.querySelectorAll("[data-until]")) {
    const left = (new Date(place.dataset.until) - Date.now()) / 1000;
    place.textContent = left > 0 ? `${duration(left)} left` : "deadline passed";
  }
  for (const now of document.querySelectorAll("[data-now]")) {
    const [begin, end] = [new Date(now.dataset.begin), new Date(now.dataset.end)];
    const share = Math.min(Math.max((Date.now() - begin) / (end - begin), 0), 1);
    const [line, text] = now.children;
    for (const name of ["x1", "x2"]) line.setAttribute(name, `${share * 100}%`);
    text.setAttribute("x", `${share * 100}%`);
    text.setAttribute("text-anchor", share < 0.5 ? "start" : "end");
    now.setAttribute("visibility", "visible");
  }
}

// New content is asked for by what the page has: 304 is all that comes while nothing happens.
function keepFresh(box) {
  const said = box.querySelector("[data-said]");
  const button = box.querySelector("[data-pause]");
  const often = Number(box.dataset.live) * 1000;
  let [mark, pause, timer, paused] = [null, often, 0, false];

  const say = (text, how) => {
    box.className = `live ${how}`;
    if (said.textContent !== text) said.textContent = text;
  };
  // What the reader is about to confirm, or has selected, must not vanish.
  const isBusy = () =>
    document.querySelector("#live details[open]") || !document.getSelection().isCollapsed;

  async function look() {
    const answer = await fetch(location.href, {
      headers: mark ? { "If-None-Match": mark } : {},
      cache: "no-store",
      redirect: "manual",
    });
    if (answer.status === 304) return;
    // Signed out, or gone: what there is to say of that is a page of its own.
    if (answer.type === "opaqueredirect" || [401, 404].includes(answer.status)) location.reload();
    if (!answer.ok) throw new Error(`the app answered ${answer.status}`);
    const first = mark === null;
    mark = answer.headers.get("ETag");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    replace(page.getElementById("live"), first);
    pause = often / 2;
  }

  async function round() {
    if (!document.hidden && !isBusy()) {
      try {
        await look();
        say("Live", "");
        pause = Math.min(pause * 2, often * 6);
      } catch (error) {
        const why = error instanceof TypeError ? "the app does not answer" : error.message;
        say(`Not up to date: ${why}`, "lost");
        pause = often;
      }
    }
    if (!paused) timer = setTimeout(round, Math.max(pause, often));
  }

  const again = () => {
    clearTimeout(timer);
    pause = often / 2;
    if (!paused) round();
  };
  button.addEventListener("click", () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? "Go on" : "Pause";
    if (paused) say("Paused", "still");
    again();
  });
  document.addEventListener("visibilitychange", () => document.hidden || again());
  box.hidden = false;
  say("Live", "");
  timer = setTimeout(round, often);
}

function replace(fresh, quietly) {
  const stale = document.getElementById("live");
  if (!fresh || fresh.innerHTML === stale.dataset.was) return;
  const was = new Set([...stale.querySelectorAll("tbody tr")].map((row) => row.textContent));
  const focused = stale.contains(document.activeElement) && document.activeElement.href;
  const html = fresh.innerHTML;
  showTimes(fresh);
  stale.replaceChildren(...fresh.childNodes);
  stale.dataset.was = html;
  tick();
  if (focused) [...stale.querySelectorAll("a")].find((a) => a.href === focused)?.focus();
  if (quietly) return;
  for (const row of stale.querySelectorAll("tbody tr")) {
    if (!was.has(row.textContent)) row.classList.add("fresh");
  }
}

showTimes(document);
const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
const zone = document.querySelector("[data-zone]");
if (timeZone !== "UTC") zone.textContent = `Times are in ${timeZone}; each shows UTC on hover.`;
tick();
setInterval(tick, 1000);
const box = document.querySelector("[data-live]");
if (box) keepFresh(box);
