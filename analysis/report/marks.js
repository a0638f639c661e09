// Marks of the contract as marks of Observable Plot. Every function takes the mark, the rows of it that can be drawn
// and `it`: the chart's axes, theme, looks, legend, and the record of what was painted where (labels keep off it).
const marks = (() => {
  const most_looks = 42;

  // rows -> Map of series name -> rows; no column: one nameless series. Names that `known` does not know have no look
  // of their own and share one group: thousands of names cost no more than forty.
  const others = "\u0002";
  const by_series = (rows, column, known = () => true) => {
    const groups = new Map();
    for (const row of rows) {
      let name = column === undefined ? "" : axes.category(row[column]);
      if (!known(name)) name = others;
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(row);
    }
    return groups;
  };

  const place = (column, axis) => (row) => axes.position(row[column], axis);

  // Rows that have a place on both axes, and how many have none: what is not drawn is said below the chart.
  const drawable = (mark, it) => {
    const needed = [];
    for (const key of ["x", "x1", "x2"]) if (mark[key] !== undefined) needed.push([mark[key], it.x]);
    for (const key of ["y", "y1", "y2"]) if (mark[key] !== undefined) needed.push([mark[key], it.y]);
    const rows = mark.rows.filter(
      (row) =>
        needed.every(
          ([column, axis]) =>
            // a bar may begin at zero where a log axis has no zero: it begins at the frame
            axes.position(row[column], axis) !== null ||
            (mark.mark === "bar" && row[column] === 0 && column !== mark.x2 && column !== mark.y2),
        ) &&
        (mark.mark !== "cell" || row[mark.x] !== undefined),
    );
    return { rows, missing: mark.rows.length - rows.length };
  };

  const facets = (mark, it) =>
    mark.facet === undefined || !it.facets
      ? {}
      : { fx: (row) => it.facets.column(row[mark.facet]), fy: (row) => it.facets.line(row[mark.facet]) };

  const tooltip = (mark) => {
    const columns = mark.tip.length
      ? mark.tip
      : [
          ...new Set(
            [
              mark.series,
              mark.symbol,
              mark.facet,
              mark.x,
              mark.y,
              mark.x1,
              mark.x2,
              mark.y1,
              mark.y2,
              mark.fill,
            ].filter((at) => at !== undefined),
          ),
        ];
    return (row) =>
      columns
        .map((at) => `${mark.columns[at].name}: ${format.clip(format.value(row[at], mark.columns[at].unit), 90)}`)
        .join("\n");
  };

  // One tip for all rows of a mark, painted over everything else; `at` says where a row is pointed at.
  const tip = (mark, rows, it, at) => {
    if (!it.tips || rows.length === 0) return;
    it.hover.push(
      Plot.tip(
        rows,
        Plot.pointer({
          ...at,
          ...facets(mark, it),
          title: tooltip(mark),
          maxRadius: 30,
          lineWidth: it.width < 480 ? 19 : 34,
          fill: it.theme.paper,
          stroke: it.theme.rule,
          fontSize: 12,
        }),
      ),
    );
  };

  // A render step that notes the pixels of what was painted.
  const noting = (it, note) => (index, scales, values, dimensions, context, next) => {
    const g = next(index, scales, values, dimensions, context);
    const dx = scales.x?.bandwidth ? scales.x.bandwidth() / 2 : 0,
      dy = scales.y?.bandwidth ? scales.y.bandwidth() / 2 : 0;
    note(
      it.record(index.fi ?? 0),
      Array.from(index, (i) => [i, values.x[i] + dx, values.y[i] + dy]),
    );
    return g;
  };

  const symbol_of = (name, shape) =>
    palette.stroked.has(shape) ? { symbol: shape, stroked: true } : { symbol: shape };

  const dot = (mark, rows, it) => {
    const result = [];
    const own_symbol = mark.symbol !== undefined && mark.symbol !== mark.series;
    const many = rows.length > 400,
      radius = many ? 2.3 : rows.length > 80 ? 3.3 : 4.2;
    const label = mark.label;
    for (const [name, of_series] of by_series(rows, mark.series, it.known)) {
      const look = it.look(name);
      it.legend(name, {
        kind: own_symbol ? "filling" : "dot",
        look,
        of: own_symbol ? mark.columns[mark.series]?.name : undefined,
      });
      for (const [kind, group] of by_series(of_series, own_symbol ? mark.symbol : undefined, it.has_symbol)) {
        const { symbol, stroked } = symbol_of(kind, own_symbol ? it.symbol(kind) : look.symbol);
        const filling = own_symbol && !stroked ? look.filling : "full";
        const ink = stroked
          ? { stroke: look.colour, strokeWidth: 1.8, fill: "none" }
          : {
              stroke: look.colour,
              strokeWidth: filling === "hollow" ? 1.8 : 1.2,
              fill: filling === "hollow" ? it.theme.paper : look.colour,
              fillOpacity: filling === "pale" ? 0.3 : many ? 0.55 : 0.9,
            };
        result.push(
          Plot.dot(group, {
            x: place(mark.x, it.x),
            y: place(mark.y, it.y),
            ...facets(mark, it),
            symbol,
            ...ink,
            r: radius,
            className: "dot",
            render: noting(it, (record, points) => {
              for (const [i, x, y] of points) {
                record.points.push([x, y]);
                const text = label === undefined ? null : group[i][label];
                if (text !== null && text !== "")
                  record.wanted.push({
                    kind: "point",
                    at: [x, y],
                    text: format.value(text, mark.columns[label].unit),
                    optional: true,
                  });
              }
            }),
          }),
        );
        if (own_symbol) {
          it.legend(`\u0000${kind}`, {
            kind: "symbol",
            text: kind === others ? it.more_symbols : kind,
            symbol: it.symbol(kind),
            of: mark.columns[mark.symbol].name,
          });
        }
      }
    }
    tip(mark, rows, it, { x: place(mark.x, it.x), y: place(mark.y, it.y) });
    return result;
  };

  const area = (mark, rows, it) => {
    const result = [];
    for (const [name, group] of by_series(rows, mark.series, it.known)) {
      const look = it.look(name);
      const z = name === others ? { z: (row) => row[mark.series] } : {};
      const sorted = it.x.scale === "category" ? group : [...group].sort((a, b) => a[mark.x] - b[mark.x]);
      const colour = mark.series === undefined ? it.theme.soft : look.colour;
      const line = (column) =>
        Plot.line(sorted, {
          ...z,
          x: place(mark.x, it.x),
          y: place(column, it.y),
          ...facets(mark, it),
          stroke: colour,
          strokeOpacity: 0.7,
          strokeWidth: 0.8,
          strokeDasharray: look.dash || null,
        });
      result.push(
        Plot.areaY(sorted, {
          ...z,
          x: place(mark.x, it.x),
          y1: place(mark.y1 ?? mark.y, it.y),
          y2: place(mark.y2 ?? mark.y, it.y),
          ...facets(mark, it),
          fill: colour,
          fillOpacity: 0.13,
          className: "area",
        }),
      );
      if (mark.y1 !== undefined) result.push(line(mark.y1));
      if (mark.y2 !== undefined) result.push(line(mark.y2));
      if (mark.series !== undefined) it.legend(name, { kind: "area", look });
    }
    return result;
  };

  const bar = (mark, rows, it) => {
    const result = [];
    const flat = axes.sideways(mark);
    const [one, two, along, across] = flat ? [mark.x1, mark.x2, it.x, it.y] : [mark.y1, mark.y2, it.y, it.x];
    const from = (row) => axes.position(one === undefined ? 0 : row[one], along) ?? along.domain[0];
    const to = (row) => axes.position(row[two ?? (flat ? mark.x : mark.y)], along);
    const band = place(flat ? mark.y : mark.x, across);
    const middle = (row) => (along.scale === "log" ? Math.sqrt(from(row) * to(row)) : (from(row) + to(row)) / 2);
    for (const [name, group] of by_series(rows, mark.series, it.known)) {
      const look = it.look(name);
      const channels = flat ? { x1: from, x2: to, y: band } : { y1: from, y2: to, x: band };
      result.push(
        (flat ? Plot.barX : Plot.barY)(group, {
          ...channels,
          ...facets(mark, it),
          fill: it.hatch(look),
          ...(across.domain.length < 100 ? { stroke: it.theme.paper, strokeWidth: 0.6 } : {}),
          className: "bar",
        }),
      );
      if (mark.series !== undefined) it.legend(name, { kind: "bar", look });
    }
    const centre = flat ? { x: middle, y: band } : { x: band, y: middle };
    if (mark.label !== undefined) {
      const text = (row) => format.value(row[mark.label], mark.columns[mark.label].unit);
      // a label that its bar has no room for would lie on the next one
      const fits = (scales, row) => {
        const room = Math.abs(scales[flat ? "x" : "y"](to(row)) - scales[flat ? "x" : "y"](from(row)));
        const wide = axes.text_width(format.clip(text(row), 60), 11) + 6;
        return row[mark.label] !== null && (flat ? room >= wide : room >= 14 && scales.x.bandwidth() >= wide);
      };
      result.push(
        Plot.text(rows, {
          ...centre,
          ...facets(mark, it),
          text,
          fontSize: 11,
          fill: it.theme.ink,
          stroke: it.theme.paper,
          strokeWidth: 7,
          strokeLinejoin: "round",
          className: "in-bar",
          render: (index, scales, values, dimensions, context, next) =>
            next(
              Object.assign(
                index.filter((i) => fits(scales, rows[i])),
                { fi: index.fi, fx: index.fx, fy: index.fy },
              ),
              scales,
              values,
              dimensions,
              context,
            ),
        }),
      );
    }
    tip(mark, rows, it, centre);
    return result;
  };

  const cell = (mark, rows, it) => {
    const value = (row) => (mark.fill === undefined ? null : row[mark.fill]);
    const numbers = rows.map(value).filter((one) => typeof one === "number");
    const low = numbers.reduce((least, one) => Math.min(least, one), Infinity);
    const high = numbers.reduce((most, one) => Math.max(most, one), -Infinity);
    const log = low > 0 && high / low > 30; // a few large values would leave one shade for all others
    const share = (one) =>
      low === high ? 0.3 : log ? Math.log(one / low) / Math.log(high / low) : (one - low) / (high - low);
    const at = { x: place(mark.x, it.x), y: place(mark.y, it.y), ...facets(mark, it) };
    const known = rows.filter((row) => typeof value(row) === "number");
    const unknown = rows.filter((row) => typeof value(row) !== "number");
    // air between the cells, as long as they are wide enough to spare it
    const box = it.x.domain.length < 60 ? { inset: 1, rx: 2, className: "cell" } : { className: "cell" };
    const text = (row) => {
      const shown = mark.label ?? mark.fill;
      return shown === undefined ? "" : format.value(row[shown], mark.columns[shown].unit);
    };
    const result = [];
    // Shades as attributes of their own: a colour channel would become a scale that all charts share the rules of.
    const shades = d3.group(known, (row) => Math.round(share(value(row)) * 32) / 32);
    for (const [shade, group] of shades) {
      result.push(Plot.cell(group, { ...at, fill: palette.ramp(shade), ...box }));
    }
    if (unknown.length) {
      result.push(Plot.cell(unknown, { ...at, fill: it.hatch(null), ...box }));
    }
    const size = it.width < 480 ? 10 : 11;
    const written = {
      ...at,
      text,
      fontSize: size,
      render: (index, scales, values, dimensions, context, next) =>
        next(
          index,
          scales,
          { ...values, text: Array.from(values.text, (one) => axes.fit(one ?? "", scales.x.bandwidth() - 4, size)) },
          dimensions,
          context,
        ),
    };
    for (const [shade, group] of shades) {
      result.push(Plot.text(group, { ...written, fill: palette.on_ramp(shade) }));
    }
    if (unknown.length) result.push(Plot.text(unknown, { ...written, fill: it.theme.ink }));
    if (numbers.length) {
      const column = mark.columns[mark.fill];
      it.legend("\u0001", {
        kind: "ramp",
        text: column.name,
        low: format.value(low, column.unit),
        high: format.value(high, column.unit),
      });
    }
    tip(mark, rows, it, at);
    return result;
  };

  const rule = (mark, rows, it) => {
    const upright = mark.x !== undefined && mark.y === undefined;
    const [column, axis] = upright ? [mark.x, it.x] : [mark.y, it.y];
    const style = {
      ...facets(mark, it),
      stroke: it.theme.soft,
      strokeWidth: 1.2,
      strokeDasharray: mark.dash ? "5 4" : null,
      className: "rule",
    };
    const drawn = (upright ? Plot.ruleX : Plot.ruleY)(rows, { ...style, [upright ? "x" : "y"]: place(column, axis) });
    if (mark.label === undefined) return [drawn];
    // names of rules stand at the end of the rule: upright ones beside its head
    const named = Plot.text(rows, {
      ...facets(mark, it),
      [upright ? "x" : "y"]: place(column, axis),
      frameAnchor: upright ? "top" : "right",
      textAnchor: upright ? "start" : "end",
      lineAnchor: upright ? "top" : "bottom",
      dx: upright ? 5 : -4,
      dy: upright ? 3 : -4,
      text: (row) => format.clip(format.value(row[mark.label], mark.columns[mark.label].unit), 60),
      fill: it.theme.soft,
      stroke: it.theme.paper,
      strokeWidth: 4,
      fontSize: 12,
    });
    return [drawn, named];
  };

  // Texts are placed after everything else, where they cover least; the point itself gets a small mark.
  const text = (mark, rows, it) => {
    const column = mark.label;
    return [
      Plot.dot(rows, {
        x: place(mark.x, it.x),
        y: place(mark.y, it.y),
        ...facets(mark, it),
        r: 2.6,
        symbol: "circle",
        fill: it.theme.paper,
        stroke: it.theme.soft,
        strokeWidth: 1.4,
        className: "anchor",
        render: noting(it, (record, points) => {
          for (const [i, x, y] of points) {
            record.points.push([x, y]);
            if (column === undefined || rows[i][column] === null) continue;
            record.wanted.push({
              kind: "point",
              at: [x, y],
              text: format.value(rows[i][column], mark.columns[column].unit),
            });
          }
        }),
      }),
    ];
  };

  return { others, by_series, drawable, facets, place, tip, noting, dot, area, bar, cell, rule, text, most_looks };
})();
