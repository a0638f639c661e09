// A chart as an SVG element, with its legend beside it: draw(chart, { width, theme, tips, wanted })
//   -> { svg, legend, notes, width, height }; svg is null where there is nothing to draw, and notes say why.
const chart = (() => {
  const most_facets = 24;
  let drawn = 0; // pictures of one page must not share the names of their hatches

  const facets_of = (from, width) => {
    const names = [];
    const index = new Map();
    for (const mark of from.marks) {
      if (mark.facet === undefined) continue;
      for (const row of mark.rows) {
        const name = axes.category(row[mark.facet]);
        if (!index.has(name)) {
          index.set(name, names.length);
          names.push(name);
        }
      }
    }
    if (names.length === 0) return null;
    const columns = Math.max(1, Math.min(names.length, Math.floor(width / 230), names.length === 4 ? 2 : 3));
    const shown = names.slice(0, most_facets);
    const spot = (cell) => index.get(axes.category(cell));
    return {
      names: shown,
      columns,
      lines: Math.ceil(shown.length / columns),
      left_out: names.length - shown.length,
      shows: (cell) => spot(cell) < most_facets,
      column: (cell) => spot(cell) % columns,
      line: (cell) => Math.floor(spot(cell) / columns),
      places: shown.map((name, n) => ({ name, fx: n % columns, fy: Math.floor(n / columns) })),
    };
  };

  const names_of = (from) => {
    const series = new Map(),
      symbols = new Set(),
      bands = new Set();
    for (const mark of from.marks) {
      if (mark.series !== undefined) {
        const into = mark.mark === "area" ? bands : series;
        const kind = mark.columns[mark.series].name;
        for (const row of mark.rows) {
          const name = axes.category(row[mark.series]);
          if (into === bands) bands.add(name);
          else if (!series.has(name)) series.set(name, kind);
        }
      }
      if (mark.symbol !== undefined) for (const row of mark.rows) symbols.add(axes.category(row[mark.symbol]));
    }
    // Bands that belong to no line or point (errors of 10 and 25 per cent) are background: grey, by their outline.
    return {
      kinds: series,
      series: [...series.keys()],
      symbols: [...symbols],
      bands: [...bands].filter((name) => !series.has(name)),
    };
  };

  // What the marks share while a chart is drawn.
  const workshop = (from, width, { theme, tips, wanted }) => {
    const number = ++drawn;
    const only_bars = from.marks.every((mark) => ["bar", "cell", "rule"].includes(mark.mark));
    const roofs = from.marks.some((mark) => mark.mark === "line" && mark.along);
    const facets = facets_of(from, width);
    const names = names_of(from);
    const few = names.series.slice(0, marks.most_looks);
    const slots = palette.slots(few, wanted, names.kinds);
    const bands = new Map(
      names.bands.slice(0, marks.most_looks).map((name, slot) => [name, palette.look(slot, theme)]),
    );
    const symbol_slots = palette.slots(names.symbols.slice(0, palette.symbols.length - 1));
    const records = new Map(),
      entries = new Map(),
      hatches = new Map();
    const rest = `${names.series.length - few.length} more`;
    const grey = { slot: -1, colour: theme.soft, symbol: "circle", dash: "", hatch: "none", filling: "hollow" };
    return {
      width,
      theme,
      tips,
      roofs,
      facets,
      number,
      names,
      hatches,
      hover: [],
      x: axes.make(from, "x", only_bars ? 0.02 : roofs ? 0.01 : 0.035),
      y: axes.make(from, "y", only_bars ? 0.02 : roofs ? 0.03 : 0.06, roofs ? 0.07 : 0),
      ends: width >= 560 && !facets && names.series.length <= 24,
      known: (name) => name === "" || slots.has(name) || bands.has(name),
      has_symbol: (name) => name === "" || symbol_slots.has(name),
      more_symbols: `${names.symbols.length - symbol_slots.size} more`,
      has_dots: from.marks.some((mark) => mark.mark === "dot"),
      dashes_mean: from.marks.some((mark) => mark.mark === "line" && mark.dash),
      record: (at) => {
        if (!records.has(at)) records.set(at, { points: [], lines: [], wanted: [] });
        return records.get(at);
      },
      look: (name) =>
        slots.has(name)
          ? palette.look(slots.get(name), theme)
          : name === ""
            ? palette.look(0, theme)
            : bands.has(name)
              ? { ...bands.get(name), colour: theme.soft }
              : grey,
      symbol: (name) => palette.symbols[symbol_slots.get(name) ?? palette.symbols.length - 1],
      legend: (key, entry) => {
        if (key === "") return;
        const before = entries.get(key) ?? { text: key === marks.others ? rest : key, kinds: new Map() };
        if (!before.kinds.has(entry.kind)) before.kinds.set(entry.kind, entry);
        if (entry.text !== undefined) before.text = entry.text;
        entries.set(key, before);
      },
      entries,
      hatch: (look) => {
        const key = look === null ? "unknown" : `s${look.slot}`;
        hatches.set(key, look);
        return `url(#hatch-${number}-${key})`;
      },
    };
  };

  // Bars are told apart by hatches of paper on their colour; "unknown" is an empty box with a few strokes.
  const hatch_element = (id, look, theme) => {
    const element = lines.svg("pattern", { id, width: 7, height: 7, patternUnits: "userSpaceOnUse" });
    element.append(lines.svg("rect", { width: 7, height: 7, fill: look ? look.colour : theme.faint }));
    const strokes = {
      rising: "M-1 8L8 -1M-1 1L1 -1M6 8L8 6",
      falling: "M-1 -1L8 8M6 -1L8 1M-1 6L1 8",
      level: "M0 3.5H7",
      upright: "M3.5 0V7",
      crossed: "M-1 8L8 -1M-1 -1L8 8",
      dots: "M3 3.5h1.2M3 3.5v1.2",
      grid: "M0 3.5H7M3.5 0V7",
    };
    const path = strokes[look ? look.hatch : "rising"];
    if (path) {
      element.append(
        lines.svg("path", {
          d: path,
          fill: "none",
          stroke: look ? theme.paper : theme.rule,
          "stroke-width": look && look.hatch === "dots" ? 2.4 : 1.3,
          "stroke-opacity": look ? 0.75 : 1,
          "stroke-linecap": "round",
        }),
      );
    }
    return element;
  };

  const draw_marks = (from, it, notes) => {
    const result = [];
    let missing = 0,
      all = 0;
    for (const mark of from.marks) {
      if (mark.mark === "table") continue;
      const { rows: with_place, missing: without } = marks.drawable(mark, it);
      const rows =
        it.facets && mark.facet !== undefined && it.facets.left_out
          ? with_place.filter((row) => it.facets.shows(row[mark.facet]))
          : with_place;
      missing += without;
      all += mark.rows.length;
      if (rows.length === 0) continue;
      result.push(...(mark.mark === "line" ? lines.line : marks[mark.mark])(mark, rows, it));
    }
    if (it.facets?.left_out) notes.push(`${it.facets.left_out} more panels are in the table.`);
    if (missing && missing < all) {
      const log = it.x.scale === "log" || it.y.scale === "log" ? " (a log axis has no zero)" : "";
      notes.push(
        `${format.number(missing)} of ${format.number(all)} rows have no place in the chart${log}; the table has all.`,
      );
    }
    return result;
  };

  const sizes = (it, from, printed) => {
    const tall = it.y.scale === "category";
    const bands = it.y.domain.length;
    const cells = from.marks.some((mark) => mark.mark === "cell");
    const per_facet = it.facets ? it.width / it.facets.columns : it.width;
    const inner = tall
      ? Math.min(4000, Math.max(60, bands * (cells ? (bands > 30 ? 18 : 32) : bands > 30 ? 17 : 26)))
      : it.facets && it.facets.names.length > 1
        ? Math.min(printed ? 150 : 210, per_facet * 0.8)
        : printed
          ? it.roofs
            ? 300
            : 225
          : Math.min(400, Math.max(Math.min(it.width * 0.95, 320), it.width * 0.52));
    return inner;
  };

  const layout = (it, from, printed) => {
    const inner = sizes(it, from, printed);
    const margins = {
      marginLeft: Math.ceil(axes.left_room(it.y, inner, it.width)),
      marginTop: it.facets ? 44 : it.y.label ? 26 : 8,
      marginRight: 14,
      marginBottom: 44,
    };
    if (it.ends) {
      let widest = 0;
      for (const mark of from.marks) {
        if (mark.mark !== "line" || mark.along || mark.label === undefined) continue;
        const last = new Map(
          mark.rows.map((row) => [mark.series === undefined ? "" : row[mark.series], row[mark.label]]),
        );
        for (const text of [...last.values()].slice(0, 60)) {
          if (text !== null)
            widest = Math.max(
              widest,
              axes.text_width(format.clip(format.value(text, mark.columns[mark.label].unit), 48)),
            );
        }
      }
      if (widest) margins.marginRight = Math.min(widest + 14, it.width * 0.35);
    }
    const across = (it.width - margins.marginLeft - margins.marginRight) / (it.facets?.columns ?? 1);
    const turned = axes.turned(it.x, across);
    if (turned) margins.marginBottom = Math.min(40 + turned * 0.72, 190);
    const panels = it.facets ? it.facets.lines : 1;
    return {
      margins,
      across,
      inner,
      turned,
      height: Math.round(inner * panels + (panels - 1) * 34 + margins.marginTop + margins.marginBottom),
    };
  };

  const axis_marks = (it, { across, inner, turned, height }) => {
    const far = it.facets ? { facetAnchor: "bottom-empty" } : {};
    const style = { color: it.theme.soft, fontSize: 12, tickSize: 4, fill: it.theme.soft, stroke: it.theme.rule };
    const grid = { stroke: it.theme.faint, strokeOpacity: 1 };
    // hundreds of categories: every so manyth has its name, all have their place
    const some = (names, length) => names.filter((_, n) => n % Math.ceil((names.length * 13) / length) === 0);
    const x_ticks = it.x.scale === "category" ? some(it.x.domain, across) : it.x.ticks(across);
    const y_ticks = it.y.scale === "category" ? some(it.y.domain, inner) : it.y.ticks(inner);
    // As texts, not as a format: a log scale would leave out those of its own formats that it finds too many.
    const written = (axis, length) =>
      axis.scale === "category" ? { text: (key) => axes.fit(key, length), tickSize: 0 } : { text: axis.text };
    const result = [];
    if (it.x.scale !== "category") result.push(Plot.gridX(x_ticks, grid));
    if (it.y.scale !== "category") result.push(Plot.gridY(y_ticks, grid));
    result.push(
      Plot.axisX(x_ticks, {
        ...style,
        ...far,
        label: it.x.label || null,
        ...written(it.x, 200),
        ...(turned ? { tickRotate: -42, textAnchor: "end" } : {}),
        labelAnchor: "center",
        labelArrow: "none",
        labelOffset: it.marginBottom - 4,
      }),
      Plot.axisY(y_ticks, {
        ...style,
        label: null,
        ...written(it.y, it.marginLeft - 10),
        ...(it.facets ? { facetAnchor: "left" } : {}),
      }),
    );
    if (it.y.label) {
      // above the axis, level, where it can be read without turning one's head
      result.push(
        Plot.text([it.y.label], {
          facet: it.facets ? "super" : null,
          frameAnchor: "top-left",
          dx: -it.marginLeft + 4,
          dy: it.facets ? -36 : -22,
          textAnchor: "start",
          lineAnchor: "top",
          fill: it.theme.soft,
          fontSize: 12,
        }),
      );
    }
    if (it.facets) {
      result.push(
        Plot.frame({ stroke: it.theme.faint }),
        Plot.text(it.facets.places, {
          fx: "fx",
          fy: "fy",
          text: (place) => axes.fit(place.name, across * 0.9),
          frameAnchor: "top-left",
          dy: -16,
          textAnchor: "start",
          fontWeight: 600,
          fill: it.theme.ink,
          fontSize: 12,
        }),
      );
    }
    return result;
  };

  const scale_options = (axis, cells) => ({
    domain: axis.domain,
    label: null,
    type: axis.scale === "category" ? "band" : axis.scale,
    ...(axis.scale === "category" ? { padding: cells ? 0.03 : 0.18, round: axis.domain.length < 80 } : {}),
  });

  const draw = (from, options) => {
    const notes = [...from.problems.map((problem) => `Left out: ${problem}.`)];
    const width = Math.max(240, Math.round(options.width));
    const it = workshop(from, width, options);
    it.note = (text) => notes.includes(text) || notes.push(text);
    const painted = draw_marks(from, it, notes);
    if (painted.length === 0) {
      const rows = from.tables.reduce((sum, table) => sum + table.rows.length, 0);
      notes.push(rows ? "None of the rows has a place on these axes; the table has all." : "Nothing to draw: no rows.");
      return { svg: null, legend: null, notes, width, height: 0 };
    }
    const cells = from.marks.some((mark) => mark.mark === "cell");
    const plan = layout(it, from, options.printed);
    Object.assign(it, plan.margins);
    const svg = Plot.plot({
      width,
      height: plan.height,
      ...plan.margins,
      className: "chart",
      style: {
        fontFamily: axes.chart_font,
        fontSize: "12px",
        color: it.theme.ink,
        background: "none",
        overflow: "visible",
      },
      x: scale_options(it.x, cells),
      y: scale_options(it.y, cells),
      ...(it.facets
        ? {
            fx: { domain: d3.range(it.facets.columns), axis: null, label: null, padding: 0.07 },
            fy: {
              domain: d3.range(it.facets.lines),
              axis: null,
              label: null,
              paddingInner: it.facets.lines > 1 ? 34 / (plan.inner + 34) : 0,
              paddingOuter: 0,
            },
          }
        : {}),
      marks: [...axis_marks(it, plan), ...painted, lines.layer(it), ...it.hover],
    });
    const defs = lines.svg("defs");
    for (const [key, look] of it.hatches) defs.append(hatch_element(`hatch-${it.number}-${key}`, look, it.theme));
    svg.prepend(defs);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", [from.title, from.text].filter((part) => part).join(". "));
    return { svg, legend: legend.draw(it), notes, width, height: plan.height };
  };

  // A table is a chart whose marks are tables only: it stands as it is.
  const is_table = (from) => from.marks.length > 0 && from.marks.every((mark) => mark.mark === "table");

  return { draw, is_table };
})();
