"use strict";
(() => {
  const EVERY = 30000;
  let asked = Date.now();

  // The exporter's clock counts, carried on by this browser's: the two may disagree. Of a copy that was published nobody
  // knows how old it is but this browser, and beyond its limit it may not pass for the present.
  let lead = 0;
  const settle = () => { lead = page().dataset.limit ? 0 : page().dataset.now * 1000 - Date.now(); };
  const outdated = () => Date.now() / 1000 - page().dataset.now > page().dataset.limit;
  const judge = (lost) => {
    const copy = page().dataset.limit;
    document.getElementById("lost").hidden = !(copy ? outdated() : lost);
    if (copy) for (const e of document.querySelectorAll(".badges, main > :not(#lost)")) e.hidden = outdated();
  };
  const page = (root = document) => root.getElementById("page");

  const words = () => JSON.parse(page().dataset.words);

  const span = (s) =>
    s < 90 ? `${Math.floor(s)} s`
    : s < 5400 ? `${Math.floor(s / 60)} min`
    : s < 172800 ? `${Math.floor(s / 3600)} h`
    : words().days.replace("{number}", Math.floor(s / 86400));

  const tick = () => {
    const now = (Date.now() + lead) / 1000;
    for (const e of document.querySelectorAll("[data-ago]")) {
      const age = now - e.dataset.ago;
      e.textContent = age < 10 ? words().just : words().ago.replace("{span}", span(age));
      if (e.dataset.limit) e.closest(".age").querySelector(".badge").hidden = age <= e.dataset.limit;
    }
    for (const e of document.querySelectorAll("[data-until]")) {
      const left = e.dataset.until - now;
      e.textContent = left <= 0 ? words().now : words().in.replace("{span}", span(left));
    }
  };

  // Swapping the content, not reloading, keeps the place on the page and survives a restart of the exporter.
  const swap = (fresh) => {
    const stops = () => [...page().querySelectorAll("a, summary")];
    const focus = stops().indexOf(document.activeElement);
    for (const e of document.querySelectorAll("details[open]")) {
      const same = fresh.getElementById(e.id);
      if (same) same.open = true;
    }
    page().replaceWith(page(fresh));
    document.title = fresh.title;
    if (focus >= 0) stops()[focus]?.focus({ preventScroll: true });
    settle();
  };

  const own = (root) => root.querySelector("style").textContent + root.querySelector("script").textContent;

  const renew = async () => {
    asked = Date.now();
    // A browser reads a file again only as a whole.
    if (location.protocol === "file:") return location.reload();
    try {
      const answer = await fetch(location.origin + location.pathname + location.search, { cache: "no-store", signal: AbortSignal.timeout(20000) });
      if (!answer.ok) throw new Error(answer.status);
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page(fresh)) throw new Error("another page");
      if (own(fresh) !== own(document)) return location.reload();
      if (getSelection().isCollapsed) swap(fresh);
      judge(false);
    } catch {
      judge(true);
    }
    tick();
  };

  const beat = () => {
    tick();
    if (!document.hidden && Date.now() - asked >= EVERY) renew();
  };

  settle();
  judge(false);
  setInterval(beat, 1000);
  document.addEventListener("visibilitychange", beat);
})();
