"use strict";
(() => {
  const root = document.documentElement;
  const all = (what, where = document) => [...where.querySelectorAll(what)];
  const one = (what, where = document) => where.querySelector(what);

  // Theme: follows the system until the reader chooses.
  const toggle = one("#theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  const label = () => { toggle.textContent = dark() ? "Light theme" : "Dark theme"; };
  toggle.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; label(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", label);
  label();

  // The brief is printed alone.
  one("#brief-button").addEventListener("click", () => {
    root.classList.add("printing-brief");
    window.print();
    root.classList.remove("printing-brief");
  });

  // The section being read is marked; a link into a fold opens it.
  const links = new Map(all(".contents a").map((a) => [a.hash.slice(1), a]));
  const watch = new IntersectionObserver((seen) => {
    for (const entry of seen) {
      if (!entry.isIntersecting || !links.has(entry.target.id)) continue;
      links.forEach((a) => a.removeAttribute("aria-current"));
      links.get(entry.target.id).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  all("section[id]").forEach((s) => watch.observe(s));
  const open = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (target && target.matches("details")) { target.open = true; target.scrollIntoView({ block: "center" }); }
  };
  addEventListener("hashchange", open);
  open();

  // Costs are the reader's own.
  const costs = () => all(".cost").forEach((out) => {
    const each = Number(one(`#cost-${out.dataset.who}`).value);
    out.textContent = each > 0 ? `, cost ${(2 * out.dataset.n * each).toLocaleString("en")}` : "";
  });
  all(".costs input").forEach((i) => i.addEventListener("input", costs));

  // Tables of the appendix: sort by a heading.
  const key = (cell) => cell.dataset.s !== undefined ? Number(cell.dataset.s) : cell.textContent;
  const compare = (a, b, up) => {
    const order = typeof a === "number" && typeof b === "number" ? a - b
      : String(a).localeCompare(String(b), undefined, { numeric: true });
    return up ? order : -order;
  };
  all(".full thead button").forEach((button) => button.addEventListener("click", () => {
    const head = button.closest("th"), table = head.closest("table");
    const up = head.getAttribute("aria-sort") !== "ascending";
    const place = [...head.parentNode.children].indexOf(head);
    all("th[aria-sort]", table).forEach((h) => h.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows];
    rows.sort((p, q) => compare(key(p.cells[place]), key(q.cells[place]), up));
    table.tBodies[0].append(...rows);
  }));

  // CSV files lie compressed in the page.
  const csv = async (name) => {
    const text = one(`script[data-frame="${name}"]`).textContent.trim();
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", await new Response(stream).blob()], { type: "text/csv" }));
    link.download = `${name}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  all("button[data-csv]").forEach((b) => {
    if (!one(`script[data-frame="${b.dataset.csv}"]`)) b.hidden = true;
    b.addEventListener("click", () => csv(b.dataset.csv));
  });

  // Explorer: curves from the numbers in the page; lines are steps of ten-thousandths.
  const store = one("#curves");
  if (!store) return;
  const data = JSON.parse(store.textContent);
  const curves = new Map(data.curves.map(([therapy, population, source, last, places, steps]) => {
    const q = steps.map((line) => { let sum = 0; return line.map((v) => (sum += v) / 1e4); });
    const time = q[0].map((_, k) => last * (places ? places[k] : k / (q[0].length - 1)));
    return [[therapy, population, source].join("\n"), { time, q }];
  }));
  const pick = Object.fromEntries(all("select[data-pick]").map((s) => [s.dataset.pick, s]));
  const svg = one("#explorer-svg");
  let W = 720;
  const H = 330, L = 60, R = 14, T = 12, B = 44;
  const make = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([k, v]) => node.setAttribute(k, v));
    if (text !== undefined) node.textContent = text;
    svg.append(node);
  };
  const find = (therapy, source) => curves.get([therapy, pick.population.value, source].join("\n"));
  const until = (curve, last) => {
    const keep = curve.time.filter((t) => t <= last * (1 + 1e-6)).length;
    return { time: curve.time.slice(0, keep), q: curve.q.map((l) => l.slice(0, keep)) };
  };
  const steps = [0.5, 1, 2, 5, 10, 20, 50, 100];
  const readout = () => {
    const words = { risk_ratio: "Risk ratio", absolute_risk_reduction: "Avoided per 1,000",
      risk: "Risk with therapy, %", risk_untreated: "Risk without therapy, %", rmst_gain: "Event-free days gained" };
    const out = one("#readout");
    out.replaceChildren(...data.effects.filter((e) => e[0] === pick.therapy.value
      && e[1] === pick.population.value && e[2] === pick.horizon.value).map((e) => {
      const box = document.createElement("div"), big = document.createElement("b");
      big.textContent = e[4];
      box.append(words[e[3]], big, `before any data ${e[5] || "not computed"}`);
      return box;
    }));
    if (!out.children.length) out.textContent = "No number for this choice.";
  };
  const offer = () => {
    const here = [...pick.horizon.options];
    here.forEach((o) => { o.hidden = o.disabled = o.dataset.population !== pick.population.value; });
    const good = here.filter((o) => !o.disabled);
    if (!pick.horizon.selectedOptions[0] || pick.horizon.selectedOptions[0].disabled) {
      (good[good.length - 1] || here[0]).selected = true;
    }
  };
  const draw = () => {
    offer();
    svg.replaceChildren();
    W = svg.clientWidth && svg.clientWidth < 500 ? 420 : 720;
    svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    const people = pick.view.value === "people", last = Number(pick.horizon.value);
    const value = (v) => people ? 1000 * (1 - v) : 100 * v;
    const lines = [["", "posterior"], [pick.therapy.value, "prior"], [pick.therapy.value, "posterior"]]
      .map(([t, s]) => [s, t, find(t, s)]).filter((l) => l[2]).map(([s, t, c]) => [s, t, until(c, last)]);
    const flat = lines.flatMap((l) => l[2].q.flat().map(value));
    if (!flat.length) { readout(); return; }
    const [low, high] = people ? [0, Math.max(...flat) * 1.05 || 1] : [Math.max(0, Math.floor(Math.min(...flat) / 5 - 0.2) * 5), 100];
    const x = (t) => L + (W - L - R) * t / last, y = (v) => T + (H - T - B) * (1 - (v - low) / (high - low || 1));
    for (let k = 0; k <= 4; k += 1) {
      const v = low + (high - low) * k / 4;
      make("line", { x1: L, x2: W - R, y1: y(v), y2: y(v), stroke: "var(--grid)" });
      make("text", { x: L - 6, y: y(v) + 4, "text-anchor": "end" }, `${+v.toFixed(v < 10 ? 1 : 0)}${people ? "" : " %"}`);
    }
    const days = last < 0.75, size = days ? 1 / 365.25 : 1, long = last / size;
    const step = steps.find((s) => long / s <= 7) || long / 5;
    for (let t = 0; t <= long + 1e-9; t += step) make("text", { x: x(t * size), y: H - B + 18, "text-anchor": "middle" }, +t.toFixed(2));
    make("text", { x: (L + W - R) / 2, y: H - 6, "text-anchor": "middle" }, `${days ? "days" : "years"}; ${people ? data.event[pick.population.value] + " per 1,000" : "free of " + data.event[pick.population.value]}`);
    const path = (c, k, back) => { const p = c.time.map((t, i) => `${x(t).toFixed(1)} ${y(value(c.q[k][i])).toFixed(1)}`); return (back ? p.reverse() : p).join("L"); };
    for (const [source, therapy, c] of lines) {
      if (!therapy) make("path", { d: `M${path(c, 1)}`, fill: "none", stroke: "var(--ink)", "stroke-width": 2, "stroke-dasharray": "2 4" });
      else if (source === "prior") for (const k of [0, 2]) make("path", { d: `M${path(c, k)}`, fill: "none", stroke: "var(--edge)", "stroke-width": 1.5, "stroke-dasharray": "7 5" });
      else {
        make("path", { d: `M${path(c, 0)}L${path(c, 2, true)}Z`, fill: "var(--blue)", opacity: 0.2 });
        make("path", { d: `M${path(c, 1)}`, fill: "none", stroke: "var(--blue)", "stroke-width": 2.4 });
      }
    }
    const name = (s) => s.selectedOptions[0].textContent.trim();
    svg.setAttribute("aria-label", `${name(pick.therapy)} and no therapy in ${name(pick.population)}, within ${name(pick.horizon)}; numbers below`);
    readout();
  };
  const remember = () => {
    const choice = new URLSearchParams(Object.entries(pick).map(([k, s]) => [k, s.value]));
    history.replaceState(null, "", `#explorer?${choice}`);
  };
  const restore = () => {
    if (!location.hash.startsWith("#explorer?")) return false;
    const asked = new URLSearchParams(location.hash.split("?")[1]);
    for (const [k, s] of Object.entries(pick)) if (asked.has(k) && [...s.options].some((o) => o.value === asked.get(k))) s.value = asked.get(k);
    return true;
  };
  Object.values(pick).forEach((s) => s.addEventListener("change", () => { draw(); remember(); }));
  offer();
  const last = [...pick.horizon.options].filter((o) => !o.disabled).pop();
  if (last) last.selected = true;
  if (restore()) one("#explorer").scrollIntoView();
  draw();
})();
