// Are the places of dots, lines, bars and cells, and the cells of tables, those of the report? The axes' own labels are
// the measure: what is compared is what a reader could read off the page.

// Runs in the page: everything that is drawn, in the values that the tick labels say.
export const read_page = () => {
  const raised = { "⁰": 0, "¹": 1, "²": 2, "³": 3, "⁴": 4, "⁵": 5, "⁶": 6, "⁷": 7, "⁸": 8, "⁹": 9, "⁻": "-" };
  const number = (text) => {
    const plain = text.replaceAll(",", "").replace("−", "-").replace(/[x%]$/, "");
    const [mantissa, power] = plain.split("×10");
    return Number(mantissa) * (power === undefined ? 1 : 10 ** Number([...power].map((sign) => raised[sign]).join("")));
  };
  const shift = (element, at) => {
    const values = /translate\(([^,]+),([^)]+)\)/.exec(element.getAttribute("transform") ?? "");
    return values ? Number(values[at + 1]) : 0;
  };
  const ticks = (svg, which) => {
    const group = svg.querySelector(`[aria-label="${which}-axis tick label"]`);
    const at = which === "x" ? 0 : 1;
    // labels stand half a band further, or half a pixel: only the labels' own places are scale values
    return group
      ? [...group.querySelectorAll("text")].map((one) => ({
          text: one.firstChild?.textContent ?? "",
          at: shift(one, at),
        }))
      : [];
  };
  // A scale made of labels: logarithmic or linear between the two outermost of them.
  const scale = (svg, which) => {
    const found = ticks(svg, which);
    const { type } = svg.scale(which);
    if (type === "band")
      return {
        type,
        at: (pixel) =>
          found.reduce((best, one) => (Math.abs(one.at - pixel) < Math.abs(best.at - pixel) ? one : best)).text,
      };
    const unique = [...new Map(found.map((one) => [number(one.text), one])).values()].sort((a, b) => a.at - b.at);
    const [first, last] = [unique[0], unique.at(-1)];
    const [low, high] = [number(first.text), number(last.text)];
    if (first === last) return { type, alone: true, at: (pixel) => svg.scale(which).invert(pixel) };
    const share = (pixel) => (pixel - first.at) / (last.at - first.at);
    return {
      type,
      at: type === "log" ? (pixel) => low * (high / low) ** share(pixel) : (pixel) => low + (high - low) * share(pixel),
      reach: Math.abs(high - low),
    };
  };
  const path = (text) =>
    [...text.matchAll(/[ML](-?[\d.e-]+),(-?[\d.e-]+)/g)].map((found) => [Number(found[1]), Number(found[2])]);
  return [...document.querySelectorAll("article.card")].map((card) => {
    const svg = card.querySelector("svg.chart");
    const tables = [...card.querySelectorAll("table")].map((table) => ({
      columns: [...table.querySelectorAll("thead th")].map((cell) => cell.textContent),
      rows: [...table.querySelectorAll("tbody tr")].map((row) =>
        [...row.children].map((cell) => (cell.title === "" ? cell.textContent : Number(cell.title))),
      ),
    }));
    if (!svg) return { id: card.id, tables };
    const x = scale(svg, "x"),
      y = scale(svg, "y");
    const points = (selector) =>
      [...svg.querySelectorAll(selector)].map((one) =>
        one.tagName === "circle"
          ? [x.at(Number(one.getAttribute("cx"))), y.at(Number(one.getAttribute("cy")))]
          : [x.at(shift(one, 0)), y.at(shift(one, 1))],
      );
    const boxes = (selector) =>
      [...svg.querySelectorAll(selector)].map((one) => {
        const [left, top, width, height] = ["x", "y", "width", "height"].map((name) => Number(one.getAttribute(name)));
        return {
          x: x.type === "band" ? [x.at(left)] : [x.at(left), x.at(left + width)],
          y: y.type === "band" ? [y.at(top)] : [y.at(top + height), y.at(top)],
        };
      });
    const units = ["x", "y"].map(
      (which) =>
        (which === "x"
          ? svg.querySelector('[aria-label="x-axis label"] text')
          : [...svg.querySelectorAll('[aria-label="text"] > text')].find((one) => /\(.*\)$/.test(one.textContent))
        )?.textContent ?? "",
    );
    return {
      id: card.id,
      tables,
      units,
      types: [x.type, y.type],
      reach: [x.reach, y.reach],
      dots: points(".dot > *"),
      lines: [...svg.querySelectorAll(".line > path")]
        .flatMap((one) => path(one.getAttribute("d")))
        .map(([a, b]) => [x.at(a), y.at(b)]),
      bars: boxes(".bar > rect"),
      cells: boxes(".cell > rect"),
    };
  });
};

const prefixes = { p: 1e-12, n: 1e-9, µ: 1e-6, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 };
// "time (ms)" of an axis in seconds -> 1e-3
const factor = (label, unit) => {
  const shown = /\(([^)]*)\)$/.exec(label)?.[1] ?? unit;
  if (shown === unit || !["s", "B", "FLOP", "FLOP/s", "B/s"].includes(unit)) return 1;
  return shown.endsWith(unit) ? prefixes[shown.slice(0, -unit.length)] : NaN;
};

const text_of = (value) => (value === null ? "–" : typeof value === "number" ? String(value) : value);
const near = (one, other, type, reach) => {
  if (type === "band") return one.replaceAll(",", "") === text_of(other).replaceAll(",", "");
  return type === "log" ? Math.abs(Math.log(one / other)) < 0.002 : Math.abs(one - other) <= 0.0005 * reach;
};
const plain = (value) => (typeof value === "number" ? value : String(value));
const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const sorted = (rows) => [...rows].sort((a, b) => order(plain(a[0]), plain(b[0])) || order(plain(a[1]), plain(b[1])));

// Every wanted pair has a drawn one beside it, and there are as many: pairs that fit are taken away one by one.
const match = (drawn, wanted, fits) => {
  if (drawn.length !== wanted.length) return `${drawn.length} drawn, ${wanted.length} in the report`;
  const left = [...drawn];
  for (const one of wanted) {
    const at = left.findIndex((other) => fits(other, one));
    if (at < 0) return `${JSON.stringify(one)} is not where it should be`;
    left.splice(at, 1);
  }
  return "";
};

// Differences between a page, as read, and a report; an empty list where there are none.
export const differences = (pages, report) => {
  const result = [];
  report.charts.forEach((chart, number) => {
    const page = pages[number];
    const say = (what, wrong) => {
      if (wrong) result.push(`${chart.id}, ${what}: ${wrong}`);
    };
    const column = (mark, key) => chart.tables[mark.table ?? 0].columns.findIndex((one) => one.name === mark[key]);
    const marks = (kind) => chart.marks.filter((mark) => mark.mark === kind);
    if (page.units) {
      const [fx, fy] = ["x", "y"].map((which, at) => factor(page.units[at], chart[which].unit ?? ""));
      const fits = ([a, b], [c, d]) =>
        near(page.types[0] === "band" ? a : a * fx, c, page.types[0], page.reach[0] * fx) &&
        near(page.types[1] === "band" ? b : b * fy, d, page.types[1], page.reach[1] * fy);
      const drawable = (value, axis) => value !== null && (axis.scale !== "log" || value > 0);
      const pairs = (kind) =>
        marks(kind).flatMap((mark) =>
          chart.tables[mark.table ?? 0].rows
            .map((row) => [row[column(mark, "x")], row[column(mark, "y")]])
            .filter(([a, b]) => drawable(a, chart.x) && drawable(b, chart.y)),
        );
      say("dots", match(page.dots, sorted(pairs("dot")), fits));
      say("lines", match(page.lines, sorted(pairs("line")), fits));
      const flat = (mark) => mark.x1 !== undefined;
      say(
        "bars",
        match(
          page.bars,
          marks("bar").flatMap((mark) =>
            chart.tables[mark.table ?? 0].rows.map((row) =>
              flat(mark)
                ? {
                    x: [row[column(mark, "x1")], row[column(mark, "x2")]].sort((a, b) => a - b),
                    y: [row[column(mark, "y")]],
                  }
                : {
                    x: [row[column(mark, "x")]],
                    y: [row[column(mark, "y1")], row[column(mark, "y2")]].sort((a, b) => a - b),
                  },
            ),
          ),
          (one, other) =>
            ["x", "y"].every((which, at) =>
              one[which].every((value, n) =>
                near(
                  page.types[at] === "band" ? value : value * [fx, fy][at],
                  other[which][n],
                  page.types[at],
                  page.reach[at] * [fx, fy][at],
                ),
              ),
            ),
        ),
      );
      say(
        "cells",
        match(
          page.cells,
          marks("cell").flatMap((mark) =>
            chart.tables[mark.table ?? 0].rows.map((row) => [row[column(mark, "x")], row[column(mark, "y")]]),
          ),
          (one, [a, b]) => near(one.x[0], a, "band") && near(one.y[0], b, "band"),
        ),
      );
    }
    const shown = marks("table").length
      ? marks("table").map((mark) => chart.tables[mark.table ?? 0])
      : page.tables.length
        ? chart.tables
        : [];
    if (page.tables.length !== shown.length) say("tables", `${page.tables.length} of ${shown.length}`);
    shown.slice(0, page.tables.length).forEach((table, at) => {
      const rows = page.tables[at].rows;
      if (rows.length !== table.rows.length) say(`table ${at}`, `${rows.length} rows of ${table.rows.length}`);
      else
        table.rows.forEach((row, line) =>
          row.forEach((value, n) => {
            if (rows[line][n] !== (value === null ? "–" : value))
              say(`table ${at}`, `row ${line}: ${rows[line][n]} for ${value}`);
          }),
        );
    });
  });
  return result;
};
