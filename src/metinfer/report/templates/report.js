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
  one("#print").addEventListener("click", () => window.print());

  // Printing opens what is folded and puts it back afterwards.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    folded.forEach((d) => { d.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((d) => { d.open = false; }));

  // Contents: mark the section being read; open the fold a link points into.
  const links = new Map(all(".contents a").map((a) => [a.hash.slice(1), a]));
  const watch = new IntersectionObserver((seen) => {
    for (const entry of seen) {
      if (!entry.isIntersecting || !links.has(entry.target.id)) continue;
      links.forEach((a) => a.removeAttribute("aria-current"));
      links.get(entry.target.id).setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  all("section[id]").forEach((s) => watch.observe(s));

  // Tables: sort by a heading, download as CSV.
  const value = (cell) => {
    const first = JSON.parse(cell.dataset.values)[0];
    return first === "" ? null : first;
  };
  const compare = (a, b, up) => {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "number" && typeof b === "number" ? a - b
      : String(a).localeCompare(String(b), undefined, { numeric: true });
    return up ? order : -order;
  };
  const sort = (head) => {
    const table = head.closest("table");
    const up = head.getAttribute("aria-sort") !== "ascending";
    const place = [...head.parentNode.children].indexOf(head);
    all("th[aria-sort]", table).forEach((h) => h.setAttribute("aria-sort", "none"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const body = table.tBodies[0];
    const rows = [...body.rows];
    rows.sort((p, q) => compare(value(p.cells[place]), value(q.cells[place]), up));
    body.append(...rows);
  };
  all("thead th button").forEach((b) => b.addEventListener("click", () => sort(b.closest("th"))));

  // A text that starts like a formula gets an apostrophe, so that a spreadsheet shows it as text.
  const field = (v) => {
    if (v === null) return "";
    const text = typeof v === "string" && /^[=+\-@\t\r]/.test(v) ? "'" + v : String(v);
    return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
  };
  const csv = (table) => {
    const heads = all("thead th", table).flatMap((h) => JSON.parse(h.dataset.parts));
    const rows = [...table.tBodies[0].rows].filter((r) => !r.hidden)
      .map((r) => [...r.cells].flatMap((c) => JSON.parse(c.dataset.values)));
    return [heads, ...rows].map((r) => r.map(field).join(",")).join("\r\n") + "\r\n";
  };
  all("button[data-csv]").forEach((button) => button.addEventListener("click", () => {
    const table = document.getElementById(button.dataset.csv);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff" + csv(table)], { type: "text/csv" }));
    link.download = `${table.id.replace(/^table-/, "")}.csv`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }));

  // Therapy tables and the forest follow the same choice.
  const choose = all("select[data-filter]");
  const filter = () => {
    all("table[data-filtered] tbody tr").forEach((row) => {
      row.hidden = choose.some((s) => s.value && row.dataset[s.dataset.filter] !== s.value);
    });
    all("[data-shown]").forEach((out) => {
      const rows = all("tbody tr", document.getElementById(out.dataset.shown));
      out.textContent = `${rows.filter((r) => !r.hidden).length} of ${rows.length} rows shown`;
    });
  };
  choose.forEach((s) => s.addEventListener("change", filter));
  filter();

  // Event-free curves, drawn from the numbers in the page.
  const store = one("#curves");
  if (!store) return;
  const data = JSON.parse(store.textContent);
  // Words stand once, in names; lines are steps of ten-thousandths.
  const say = (k) => data.names[k];
  data.curves = data.curves.map(([therapy, population, source, steps]) => ({
    therapy: say(therapy), population: say(population), source: say(source),
    time: data.time[say(population)],
    q: steps.map((line) => { let sum = 0; return line.map((v) => (sum += v) / 1e4); }),
  }));
  data.effects = data.effects.map((e) => ({
    therapy: say(e[0]), population: say(e[1]), horizon: e[2], measure: say(e[3]),
    posterior: e[4], prior: e[5], no_mouse: e[6], learnt: say(e[7]),
  }));
  const pick = Object.fromEntries(all("select[data-pick]").map((s) => [s.dataset.pick, s]));
  const W = 720, H = 380, L = 74, R = 16, T = 14, B = 46;
  const xs = (t, last) => L + (W - L - R) * t / last;
  let low = 0;
  const ys = (v) => T + (H - T - B) * (1 - Math.max(v, low)) / (1 - low);
  const path = (time, values, last) => time.map((t, i) => [xs(t, last), ys(values[i])])
    .map((p) => p.map((v) => v.toFixed(1)).join(",")).join("L");
  const area = (time, bottom, high, last) =>
    `M${path(time, bottom, last)}L${path([...time].reverse(), [...high].reverse(), last)}Z`;
  const until = (curve, last) => {
    const keep = curve.time.filter((t) => t <= last + 1e-9).length;
    const bands = curve.q.map((q) => q.slice(0, keep));
    return { time: curve.time.slice(0, keep), q: bands };
  };
  const svg = one("#explorer-svg");
  const make = (name, attributes, text) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([k, v]) => node.setAttribute(k, v));
    if (text !== undefined) node.textContent = text;
    svg.append(node);
  };
  const find = (therapy, source) => data.curves.find((c) =>
    c.therapy === therapy && c.population === pick.population.value && c.source === source);
  const unit = (last) => last < 0.75 ? { name: "days", size: 1 / 365.25 } : { name: "years", size: 1 };
  const steps = [0.5, 1, 2, 5, 10, 20, 50, 100];
  const axes = (last) => {
    for (let k = 0; k <= 4; k += 1) {
      const v = low + (1 - low) * k / 4;
      make("line", { x1: L, x2: W - R, y1: ys(v), y2: ys(v), stroke: "var(--grid)" });
      make("text", { x: L - 8, y: ys(v) + 4, "text-anchor": "end" }, `${+(100 * v).toFixed(1)} %`);
    }
    const { name, size } = unit(last);
    const long = last / size;
    const step = steps.find((s) => long / s <= 7) || long / 5;
    for (let t = 0; t <= long + 1e-9; t += step) {
      make("text", { x: xs(t * size, last), y: H - B + 20, "text-anchor": "middle" }, +t.toFixed(3));
    }
    make("text", { x: (L + W - R) / 2, y: H - 6, "text-anchor": "middle" },
      low ? `${name} (the vertical axis starts at ${Math.round(100 * low)} %)` : name);
  };
  const upright = (text) => make("text", { x: 0, y: 0, "text-anchor": "middle",
    transform: `translate(14 ${(T + H - B) / 2}) rotate(-90)` }, text);
  const line = (curve, last, colour, dash, bands) => {
    if (!curve) return;
    const { time, q } = until(curve, last);
    if (bands) {
      make("path", { d: area(time, q[0], q[4], last), fill: colour, opacity: 0.16 });
      make("path", { d: area(time, q[1], q[3], last), fill: colour, opacity: 0.26 });
    }
    make("path", { d: `M${path(time, q[2], last)}`, fill: "none", stroke: colour,
      "stroke-width": 2.4, "stroke-dasharray": dash });
  };
  const readout = () => {
    const out = one("#readout");
    out.replaceChildren();
    const hits = data.effects.filter((e) => e.therapy === pick.therapy.value
      && e.population === pick.population.value && e.horizon === pick.horizon.value);
    for (const effect of hits) {
      const box = document.createElement("div");
      const big = document.createElement("b");
      big.textContent = effect[pick.source.value] || "not computed";
      box.append(effect.measure, big);
      box.append(`prior: ${effect.prior || "not computed"} · ${effect.learnt}`);
      out.append(box);
    }
    if (!hits.length) out.textContent = "No number for this choice.";
  };
  // Each population has horizons of its own: mouse experiments end after weeks.
  const offer = () => {
    const here = data.horizons[pick.population.value] || [];
    for (const option of pick.horizon.options) option.disabled = option.hidden = !here.includes(option.value);
    if (pick.horizon.selectedOptions[0].disabled) {
      pick.horizon.value = [...pick.horizon.options].find((o) => !o.disabled).value;
    }
  };
  const draw = () => {
    if (data.horizons[pick.population.value]) offer();
    svg.replaceChildren();
    const last = Number(pick.horizon.value);
    const shown = [find("", pick.source.value), find(pick.therapy.value, pick.source.value)];
    const least = Math.min(1, ...shown.filter(Boolean).map((c) => Math.min(...until(c, last).q[0])));
    low = least < 0.6 ? 0 : Math.min(0.95, Math.floor(least * 20 - 0.2) / 20);
    axes(last);
    upright(`free of ${data.event[pick.population.value]}`);
    line(find("", pick.source.value), last, "var(--muted)", "7 5", false);
    line(find(pick.therapy.value, pick.source.value), last, "var(--blue)", "none", true);
    const name = (s) => s.selectedOptions[0].textContent.trim();
    svg.setAttribute("aria-label", `Share free of ${data.event[pick.population.value]} over ${name(pick.horizon)}, `
      + `${name(pick.therapy)} beside no therapy, in ${name(pick.population)}, ${name(pick.source)}.`);
    readout();
  };
  Object.values(pick).forEach((s) => s.addEventListener("change", draw));
  draw();
})();
