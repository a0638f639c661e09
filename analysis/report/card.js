// One chart on the page: heading, buttons, picture, caption, table, provenance.
const card = (() => {
  const { element } = tables;
  const svg_width = 760;

  // A picture that stands alone: white paper, its title and legend, no style sheet needed.
  const picture = (from) => {
    const { svg, legend: key, height } = chart.draw(from, { width: svg_width, theme: palette.light, tips: false });
    const pad = 16,
      title_height = 30;
    const key_height = key ? Number(key.getAttribute("height")) + 8 : 0;
    const whole = lines.svg("svg", {
      xmlns: "http://www.w3.org/2000/svg",
      width: svg_width + 2 * pad,
      height: height + key_height + title_height + 2 * pad,
      "font-family": axes.chart_font,
    });
    whole.setAttribute("viewBox", `0 0 ${whole.getAttribute("width")} ${whole.getAttribute("height")}`);
    whole.append(
      lines.svg("title", {}, from.title),
      lines.svg("desc", {}, from.text),
      lines.svg("rect", { width: "100%", height: "100%", fill: palette.light.paper }),
      lines.svg(
        "text",
        { x: pad, y: pad + 14, "font-size": 16, "font-weight": 600, fill: palette.light.ink },
        format.clip(from.title, 90),
      ),
    );
    const put = (part, y) => {
      part.setAttribute("x", pad);
      part.setAttribute("y", y);
      part.removeAttribute("role");
      part.removeAttribute("aria-label");
      whole.append(part);
    };
    if (key) put(key, pad + title_height);
    put(svg, pad + title_height + key_height);
    return whole;
  };

  const save = (from) => {
    const text = new XMLSerializer().serializeToString(picture(from));
    const link = element("a", { download: `${from.id}.svg` });
    link.href = URL.createObjectURL(
      new Blob([`<?xml version="1.0" encoding="UTF-8"?>\n${text}\n`], { type: "image/svg+xml" }),
    );
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };

  const provenance = (from) => {
    if (from.provenance.length === 0) return null;
    const details = element("details", { class: "provenance" });
    details.append(
      element(
        "summary",
        {},
        from.provenance.length === 1
          ? "Where the numbers come from"
          : `Where the numbers come from (${from.provenance.length})`,
      ),
    );
    const list = element("ul");
    for (const line of from.provenance) list.append(element("li", {}, line));
    details.append(list);
    return details;
  };

  const table_button = (from, panel) => {
    const button = element(
      "button",
      { type: "button", "aria-expanded": "false", "aria-controls": panel.id },
      "Show as table",
    );
    button.addEventListener("click", () => {
      const open = panel.hidden;
      if (open && panel.childElementCount === 0) {
        for (const table of from.tables) panel.append(tables.draw(table, from.tables.length > 1 ? table.name : ""));
      }
      panel.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      button.textContent = open ? "Hide table" : "Show as table";
    });
    return button;
  };

  // { element, draw(width): paints or repaints the picture, width(): room that it has }
  const make = (from, wanted) => {
    const article = element("article", { class: "card", id: `chart-${from.id}` });
    const head = element("header");
    head.append(element("h3", {}, from.title));
    article.append(head);
    const figure = element("figure");
    const caption = element("figcaption");
    const notes = element("p", { class: "aside" });
    if (from.text) caption.append(element("p", {}, from.text));
    if (from.aggregated) caption.append(element("p", { class: "aside" }, sentence(from.aggregated)));
    caption.append(notes);
    const show = (lines_of_notes) => {
      notes.textContent = lines_of_notes.join(" ");
      notes.hidden = lines_of_notes.length === 0;
    };

    if (chart.is_table(from)) {
      article.classList.add("of-table");
      for (const mark of from.marks)
        figure.append(tables.draw(from.tables[mark.table], from.marks.length > 1 ? from.tables[mark.table].name : ""));
      show(from.problems.map((problem) => `Left out: ${problem}.`));
      figure.append(caption);
      article.append(figure, ...[provenance(from)].filter((part) => part));
      return { element: article, draw: null };
    }

    const plot = element("div", { class: "plot" });
    const panel = element("div", { class: "panel", id: `table-${from.id}` });
    panel.hidden = true;
    const tools = element("div", { class: "tools" });
    const save_button = element("button", { type: "button" }, "Save SVG");
    save_button.addEventListener("click", () => save(from));
    tools.append(table_button(from, panel), save_button);
    head.append(tools);
    figure.append(plot, caption);
    show([]);
    article.append(figure, panel, ...[provenance(from)].filter((part) => part));

    const draw = (width, printed = false) => {
      let drawn;
      try {
        drawn = chart.draw(from, { width, theme: palette.on_page, tips: !printed, printed, wanted });
      } catch (error) {
        // one chart that cannot be drawn must not take the others with it; its table still works
        drawn = { svg: null, legend: null, notes: [`This chart could not be drawn: ${error.message}.`] };
        article.dataset.failed = error.message;
      }
      const parts = [drawn.legend, drawn.svg].filter((part) => part);
      if (parts.length === 0) parts.push(element("p", { class: "nothing" }, drawn.notes.at(-1) ?? "Nothing to draw."));
      plot.replaceChildren(...parts);
      show(drawn.svg ? drawn.notes : drawn.notes.slice(0, -1));
      save_button.hidden = !drawn.svg;
      article.dataset.drawn = String(width);
    };
    return { element: article, draw, width: () => plot.clientWidth };
  };

  const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

  return { make, picture };
})();
