// Lines, and the labels of everything, which are written last: along a roof, at the end of a line, beside a point.
const lines = (() => {
  const most_labels = 100; // more of them nobody could read, and each has to be held against all before it

  const svg = (name, attributes = {}, text) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  };

  // Whole pieces of a line in pixels: it breaks where a value is missing.
  const pieces = (index, values, dx, dy) => {
    const result = [[]];
    for (const i of index) {
      const x = values.x[i] + dx,
        y = values.y[i] + dy;
      if (Number.isFinite(x) && Number.isFinite(y)) result.at(-1).push([x, y]);
      else if (result.at(-1).length) result.push([]);
    }
    return result.filter((piece) => piece.length);
  };

  const line = (mark, rows, it) => {
    const result = [];
    const style = { x: marks.place(mark.x, it.x), y: marks.place(mark.y, it.y), ...marks.facets(mark, it) };
    for (const [name, group] of marks.by_series(mark.rows, mark.series, it.known)) {
      const look = it.look(name);
      const colour = mark.series === undefined ? it.theme.soft : look.colour;
      // Where dashes mean something (sustained roofs), series go without: shapes and labels tell them apart.
      const dash = it.dashes_mean ? (mark.dash ? "6 4" : null) : mark.series === undefined ? null : look.dash || null;
      const many = name === marks.others;
      const labels_here =
        mark.label === undefined || many
          ? []
          : group.map((row) => row[mark.label]).filter((text) => text !== null && text !== "");
      const text = labels_here.length
        ? format.clip(format.value(labels_here.at(-1), mark.columns[mark.label].unit), 48)
        : "";
      const written = text !== "" && (mark.along || it.ends);
      result.push(
        Plot.line(group, {
          ...style,
          ...(many ? { z: (row) => row[mark.series] } : {}),
          stroke: colour,
          strokeWidth: mark.along ? 1.6 : 1.9,
          strokeDasharray: dash,
          strokeLinejoin: "round",
          className: "line",
          render: (index, scales, values, dimensions, context, next) => {
            const g = next(index, scales, values, dimensions, context);
            const record = it.record(index.fi ?? 0);
            const dx = scales.x?.bandwidth ? scales.x.bandwidth() / 2 : 0,
              dy = scales.y?.bandwidth ? scales.y.bandwidth() / 2 : 0;
            const drawn = pieces(Array.from(index), values, dx, dy);
            record.lines.push(...drawn.filter((piece) => piece.length > 1 && piece.length <= 200));
            if (written && drawn.length) {
              const longest = drawn.reduce((most, piece) => (piece.length > most.length ? piece : most));
              record.wanted.push(
                mark.along && longest.length > 1
                  ? { kind: "along", line: longest, text, colour, look, dash }
                  : { kind: "end", at: drawn.at(-1).at(-1), text, colour },
              );
            }
            return g;
          },
        }),
      );
      const dotted =
        !mark.along && !it.dashes_mean && !it.has_dots && mark.series !== undefined && !many && group.length <= 24;
      if (dotted) {
        const shape = look.symbol,
          open = palette.stroked.has(shape);
        result.push(
          Plot.dot(group, {
            ...style,
            r: 3.6,
            symbol: shape,
            className: "at-line",
            ...(open
              ? { stroke: colour, fill: "none", strokeWidth: 1.6 }
              : { fill: colour, stroke: it.theme.paper, strokeWidth: 0.7 }),
          }),
        );
      }
      if (mark.series !== undefined && !written)
        it.legend(name, { kind: "line", look, dash, symbol: dotted ? look.symbol : null });
    }
    if (!mark.along) marks.tip(mark, rows, it, { x: style.x, y: style.y });
    return result;
  };

  const written = (text, { x, y, angle = 0, anchor = "middle", colour, size = 11.5, paper }) =>
    svg(
      "text",
      {
        transform:
          `translate(${x.toFixed(1)},${y.toFixed(1)})` +
          (angle ? ` rotate(${((angle * 180) / Math.PI).toFixed(2)})` : ""),
        "text-anchor": anchor,
        "font-size": size,
        fill: colour,
        stroke: paper,
        "stroke-width": 3.5,
        "stroke-linejoin": "round",
        "paint-order": "stroke",
        dy: "0.34em",
      },
      text,
    );

  // The layer of labels of one facet.
  const label_layer = (record, frame, it) => {
    const g = svg("g", { class: "labels" });
    const taken = [];
    const ends = record.wanted.filter((one) => one.kind === "end");
    const heights = labels.spread(
      ends.map((one) => one.at[1]),
      14,
      frame.y1 + 4,
      frame.y2 - 2,
    );
    ends.forEach((one, n) => {
      const x = frame.x2 - one.at[0] < 60 ? one.at[0] + 9 : frame.x2 + 8;
      g.append(
        written(axes.fit(one.text, it.marginRight - 10, 11.5), {
          x,
          y: heights[n],
          anchor: "start",
          colour: one.colour,
          paper: it.theme.paper,
        }),
      );
    });
    // Lines and points in the way are looked through for each candidate: no more of them than can be afforded.
    const rest = record.wanted.filter((one) => one.kind !== "end");
    const few = Math.min(rest.length, most_labels);
    if (rest.length > few)
      it.note(`${few} of ${format.number(rest.length)} labels are written; tips and the table have all.`);
    const points = few * record.points.length > 60000 ? [] : record.points;
    const in_way = few * record.lines.length > 6000 ? [] : record.lines;
    for (const one of rest.slice(0, few)) {
      const text = format.clip(one.text, 60);
      const size = { w: axes.text_width(text, 11.5) / 2 + 1, h: 7 };
      const boxes = one.kind === "along" ? labels.along(one.line, size, frame) : labels.around(one.at, size);
      const others = one.kind === "along" ? in_way.filter((other) => other !== one.line) : in_way;
      const best = labels.best(boxes, taken, points, others, frame);
      if (one.kind === "along" && (!best || best.cost >= 100)) {
        // no room on the line: its number stands in the legend
        it.legend(`\u0000${one.text}`, { kind: "line", text: one.text, look: one.look, dash: one.dash, symbol: null });
        continue;
      }
      if (!best || (one.optional && best.cost >= 100)) continue;
      taken.push(best);
      g.append(
        written(text, {
          x: best.x,
          y: best.y,
          angle: best.angle,
          colour: one.colour ?? it.theme.ink,
          paper: it.theme.paper,
        }),
      );
    }
    return g;
  };

  const layer = (it) => {
    const options = {
      x: null,
      y: null,
      render: (index, scales, values, dimensions) => {
        const frame = {
          x1: dimensions.marginLeft,
          x2: dimensions.width - dimensions.marginRight,
          y1: dimensions.marginTop,
          y2: dimensions.height - dimensions.marginBottom,
        };
        return label_layer(it.record(index.fi ?? 0), frame, it);
      },
    };
    return it.facets ? Plot.dot(it.facets.places, { ...options, fx: "fx", fy: "fy" }) : Plot.dot([0], options);
  };

  return { line, layer, svg, pieces };
})();
