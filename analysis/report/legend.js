// The legend as a picture of its own, so that it can stand above the chart and be saved with it.
const legend = (() => {
  const line_height = 20,
    sample = 26,
    gap = 18,
    size = 12;

  const shape = (symbol, x, y, attributes) => {
    const kinds = {
      circle: d3.symbolCircle,
      triangle: d3.symbolTriangle,
      square: d3.symbolSquare,
      diamond: d3.symbolDiamond,
      star: d3.symbolStar,
      cross: d3.symbolCross,
      wye: d3.symbolWye,
      plus: d3.symbolPlus,
      times: d3.symbolTimes,
      asterisk: d3.symbolAsterisk,
    };
    return lines.svg("path", {
      d: d3.symbol(kinds[symbol] ?? d3.symbolCircle, 58)(),
      transform: `translate(${x},${y})`,
      ...attributes,
    });
  };

  const painted = (symbol, colour, filling, paper) =>
    palette.stroked.has(symbol)
      ? { fill: "none", stroke: colour, "stroke-width": 1.8 }
      : {
          fill: filling === "hollow" ? paper : colour,
          "fill-opacity": filling === "pale" ? 0.3 : 1,
          stroke: colour,
          "stroke-width": 1.4,
        };

  const sample_of = (entry, y, it) => {
    const result = [];
    const { theme } = it;
    for (const one of entry.kinds.values()) {
      const look = one.look;
      if (one.kind === "area") {
        result.push(
          lines.svg("rect", {
            x: 2,
            y: y - 6,
            width: sample - 4,
            height: 12,
            fill: look.colour,
            "fill-opacity": 0.2,
            stroke: look.colour,
            "stroke-dasharray": look.dash || null,
          }),
        );
      } else if (one.kind === "line") {
        result.push(
          lines.svg("line", {
            x1: 0,
            x2: sample,
            y1: y,
            y2: y,
            stroke: look.colour,
            "stroke-width": 2,
            "stroke-dasharray": one.dash,
          }),
        );
        if (one.symbol)
          result.push(shape(one.symbol, sample / 2, y, painted(one.symbol, look.colour, "full", theme.paper)));
      } else if (one.kind === "dot") {
        result.push(shape(look.symbol, sample / 2, y, painted(look.symbol, look.colour, "full", theme.paper)));
      } else if (one.kind === "filling") {
        result.push(
          lines.svg("rect", {
            x: sample / 2 - 6,
            y: y - 6,
            width: 12,
            height: 12,
            rx: 6,
            ...painted("circle", look.colour, look.filling, theme.paper),
          }),
        );
      } else if (one.kind === "symbol") {
        result.push(shape(one.symbol, sample / 2, y, painted(one.symbol, theme.soft, "full", theme.paper)));
      } else if (one.kind === "bar") {
        result.push(lines.svg("rect", { x: 3, y: y - 6, width: sample - 6, height: 12, fill: it.hatch(look) }));
      }
    }
    return result;
  };

  const ramp = (entry, x, y, it) => {
    const one = entry.kinds.get("ramp");
    const steps = 24,
      width = 96;
    const g = lines.svg("g");
    const words = (text, at, anchor) =>
      lines.svg("text", { x: at, y: y + 4, "font-size": size, fill: it.theme.soft, "text-anchor": anchor }, text);
    const first = `${format.clip(entry.text, 24)}: ${one.low}`;
    const start = x + axes.text_width(first, size) + 8;
    g.append(words(first, x, "start"));
    for (let n = 0; n < steps; ++n) {
      g.append(
        lines.svg("rect", {
          x: start + (n * width) / steps,
          y: y - 6,
          width: width / steps + 0.4,
          height: 12,
          fill: palette.ramp(n / (steps - 1)),
        }),
      );
    }
    g.append(words(one.high, start + width + 6, "start"));
    return g;
  };

  // An SVG element, or null where labels in the chart say it all (one nameless series, or every line labelled).
  const draw = (it) => {
    const kind_of = (entry) => [...entry.kinds.values()].find((one) => one.of)?.of ?? "";
    const plain = [...it.entries.values()];
    if (plain.length === 0) return null;
    // colours first, then shapes, each under the name of its column where a chart has both
    const symbols = plain.filter((entry) => entry.kinds.has("symbol"));
    const entries = [...plain.filter((entry) => !entry.kinds.has("symbol")), ...symbols];
    const svg = lines.svg("svg", {
      class: "legend",
      "font-family": axes.chart_font,
      "font-size": size,
      "aria-hidden": "true",
    });
    let x = 0,
      y = line_height / 2,
      heading = "";
    for (const entry of entries) {
      if (symbols.length && kind_of(entry) !== heading) {
        heading = kind_of(entry);
        const words = `${format.clip(heading, 24)}:`;
        if (heading && x > 0) x += gap / 2;
        if (heading && x + axes.text_width(words, size) + 90 > it.width) [x, y] = [0, y + line_height];
        if (heading) {
          svg.append(lines.svg("text", { x, y: y + 4, fill: it.theme.soft }, words));
          x += axes.text_width(words, size) + 6;
        }
      }
      const text = format.clip(entry.text, 44);
      const width = entry.kinds.has("ramp") ? 220 : sample + 6 + axes.text_width(text, size);
      if (x > 0 && x + width > it.width) {
        x = 0;
        y += line_height;
      }
      if (entry.kinds.has("ramp")) {
        svg.append(ramp(entry, x, y, it));
      } else {
        const g = lines.svg("g", { transform: `translate(${x.toFixed(1)},0)` });
        g.append(...sample_of(entry, y, it), lines.svg("text", { x: sample + 6, y: y + 4, fill: it.theme.ink }, text));
        svg.append(g);
      }
      x += width + gap;
    }
    const height = y + line_height / 2;
    svg.setAttribute("width", it.width);
    svg.setAttribute("height", height);
    svg.setAttribute("viewBox", `0 0 ${it.width} ${height}`);
    return svg;
  };

  return { draw };
})();
