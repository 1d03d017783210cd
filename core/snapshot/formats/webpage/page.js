"use strict";
// Shows the records in the page's data islands, a page at a time. Everything in them is text:
// it reaches the document through textContent only.
(() => {
  const PAGE = 50;
  const PRINTED = 500;
  const SHORT = 1200;
  const find = (id) => document.getElementById(id);
  const make = (name, className, text) => {
    const node = document.createElement(name);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const tables = JSON.parse(find("tables").textContent);
  const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
  const signs = { good: "✔", warn: "▲", bad: "✖", busy: "▶", dim: "○" };
  let now = null;

  const load = (part) => {
    const table = tables[part];
    if (table.rows) return table;
    table.rows = [];
    for (const node of document.querySelectorAll(`script[data-rows="${part}"]`)) {
      for (const row of JSON.parse(node.textContent)) table.rows.push(row);
    }
    table.details = document.querySelectorAll(`script[data-of="${part}"]`);
    table.texts = [];
    table.stateAt = table.columns.findIndex((column) => column.kind === "state");
    table.sort = table.order;
    table.query = "";
    table.state = "";
    table.deep = false;
    table.page = 0;
    return table;
  };

  const shown = (cell, kind) => {
    if (cell === null) return "–";
    if (kind === "time") return new Date(cell).toISOString().replace("T", " ").slice(0, -1);
    if (kind === "state") return `${signs[cell[0]]} ${cell[1]}`;
    return typeof cell === "number" ? numbers.format(cell) : cell;
  };

  const textOf = (table, index) => {
    table.texts[index] ??= table.rows[index]
      .map((cell, at) => `${shown(cell, table.columns[at].kind)}\n${cell}`).join("\n").toLowerCase();
    return table.texts[index];
  };

  // A payload is looked for in its JSON as it lies in the page, so it need not be read for that.
  const within = (query) => {
    const written = JSON.stringify(query).slice(1, -1)
      .replace(/</g, "\\u003c").replace(/>/g, "\\u003e").replace(/&/g, "\\u0026");
    const pattern = new RegExp(written.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
    return (table, index) => pattern.test(table.details[index].textContent);
  };

  const compare = (one, other) => {
    if (Array.isArray(one)) [one, other] = [one[1], other[1]];
    if (one === other) return 0;
    if (one === null || one === "") return 1;
    if (other === null || other === "") return -1;
    return typeof one === "string" ? (one < other ? -1 : 1) : one - other;
  };

  const choose = (table) => {
    const words = table.query.toLowerCase().split(/\s+/).filter(Boolean);
    const deep = table.deep && table.query.trim() ? within(table.query.trim()) : null;
    const found = [];
    for (let index = 0; index < table.rows.length; index++) {
      if (table.state && table.rows[index][table.stateAt][1] !== table.state) continue;
      const text = words.length ? textOf(table, index) : "";
      if (!words.every((word) => text.includes(word)) && !(deep && deep(table, index))) continue;
      found.push(index);
    }
    if (table.sort) {
      const [at, down] = table.sort;
      found.sort((one, other) => {
        const [a, b] = [table.rows[one][at], table.rows[other][at]];
        const order = compare(a, b);
        // What is not known stays at the end, whichever way the rest is turned.
        const known = a !== null && a !== "" && b !== null && b !== "";
        return (known && down ? -order : order) || one - other;
      });
    }
    table.found = found;
    table.page = Math.min(table.page, Math.max(0, Math.ceil(found.length / PAGE) - 1));
  };

  const section = ([title, text]) => {
    const details = make("details");
    details.append(make("summary", "", title));
    const fill = () => {
      if (details.childElementCount === 1) details.append(make("pre", "", text));
    };
    details.addEventListener("toggle", fill);
    details.open = text.length <= SHORT;
    if (details.open) fill();
    return details;
  };

  const unfold = (table, index, row, button) => {
    const open = row.classList.toggle("open");
    button.setAttribute("aria-expanded", open);
    button.textContent = open ? "▾" : "▸";
    if (!open) return row.nextElementSibling.remove();
    const detail = make("tr", "detail");
    const cell = make("td");
    cell.colSpan = table.columns.length;
    const told = make("div", "told");
    told.append(...JSON.parse(table.details[index].textContent).map(section));
    cell.append(told);
    detail.append(cell);
    row.after(detail);
  };

  const rowOf = (table, index) => {
    const row = make("tr", "item");
    const can = table.details[index].textContent !== "[]";
    table.rows[index].forEach((cell, at) => {
      const { kind, minor } = table.columns[at];
      const node = make("td", minor ? `${kind} minor` : kind);
      if (kind === "state") node.append(make("span", `tag ${cell[0]}`, shown(cell, kind)));
      else node.append(shown(cell, kind));
      if (typeof cell === "string" && cell.length > 30) node.title = cell;
      row.append(node);
    });
    if (can) {
      const button = make("button", "fold", "▸");
      button.setAttribute("aria-expanded", false);
      button.setAttribute("aria-label", "Show what belongs to this row");
      row.classList.add("can");
      row.firstChild.prepend(button);
      row.addEventListener("click", () => {
        if (String(getSelection()) === "") unfold(table, index, row, button);
      });
    }
    return row;
  };

  const draw = (size = PAGE) => {
    const table = tables[now];
    const first = table.page * PAGE;
    const some = table.found.slice(first, first + size);
    find("rows").replaceChildren(...some.map((index) => rowOf(table, index)));
    const last = first + some.length;
    const total = table.found.length;
    const left = table.rows.length === total ? "" : ` of ${numbers.format(table.rows.length)}`;
    find("found").value = `${numbers.format(total)}${left} found`;
    find("where").textContent = total ? `${numbers.format(first + 1)} to ${numbers.format(last)}` : "nothing found";
    find("before").disabled = first === 0;
    find("after").disabled = last >= total;
  };

  const update = () => {
    choose(tables[now]);
    draw();
  };

  const head = (table) => {
    const row = make("tr");
    table.columns.forEach((column, at) => {
      const cell = make("th", column.minor ? `${column.kind} minor` : column.kind);
      const sorted = table.sort && table.sort[0] === at;
      const sign = sorted ? (table.sort[1] ? " ↓" : " ↑") : "";
      const button = make("button", "", column.title + sign);
      cell.scope = "col";
      if (sorted) cell.setAttribute("aria-sort", table.sort[1] ? "descending" : "ascending");
      button.addEventListener("click", () => {
        // Large numbers and late times are looked for first.
        const down = column.kind === "number" || column.kind === "time";
        table.sort = [at, sorted ? !table.sort[1] : down];
        table.page = 0;
        head(table);
        update();
        find("head").querySelectorAll("button")[at].focus();
      });
      cell.append(button);
      row.append(cell);
    });
    find("head").replaceChildren(row);
  };

  const states = (table) => {
    const select = find("state");
    const names = table.stateAt < 0 ? [] : [...new Set(table.rows.map((row) => row[table.stateAt][1]))].sort();
    const all = make("option", "", "any state");
    all.value = "";
    select.replaceChildren(all, ...names.map((name) => make("option", "", name)));
    select.value = table.state;
    select.hidden = names.length < 2;
  };

  const show = (part) => {
    now = part;
    const table = load(part);
    for (const tab of find("tabs").children) {
      const chosen = tab.dataset.part === part;
      tab.setAttribute("aria-selected", chosen);
      tab.tabIndex = chosen ? 0 : -1;
    }
    find("search").value = table.query;
    find("deep").checked = table.deep;
    find("beyond").textContent = table.beyond;
    find("beyond").hidden = !table.beyond;
    states(table);
    head(table);
    update();
  };

  for (const [part, table] of Object.entries(tables)) {
    const tab = make("button", "", `${table.title} `);
    tab.append(make("small", "", numbers.format(table.count)));
    tab.dataset.part = part;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "table");
    tab.addEventListener("click", () => show(part));
    find("tabs").append(tab);
  }
  find("tabs").addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tabs = [...find("tabs").children];
    const next = tabs[(tabs.findIndex((tab) => tab.dataset.part === now) + step + tabs.length) % tabs.length];
    next.focus();
    show(next.dataset.part);
  });
  let timer = 0;
  const searched = () => {
    const table = tables[now];
    table.query = find("search").value;
    table.deep = find("deep").checked;
    table.state = find("state").value;
    table.page = 0;
    update();
  };
  find("search").addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(searched, 120);
  });
  find("deep").addEventListener("change", searched);
  find("state").addEventListener("change", searched);
  const turn = (by) => {
    tables[now].page += by;
    draw();
  };
  find("before").addEventListener("click", () => turn(-1));
  find("after").addEventListener("click", () => turn(1));
  addEventListener("beforeprint", () => draw(PRINTED));
  addEventListener("afterprint", () => draw());
  find("everything").hidden = false;
  const first = Object.keys(tables).find((part) => part === "exchanges") ?? Object.keys(tables)[0];
  if (first) show(first);
})();
