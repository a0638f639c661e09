// The page's parts that need no browser: reading, numbers, ticks, colours, places of labels; and the vendored files.
//
//   node functions_test.mjs
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assets, embeddable, fill, parts } from "./fill_page.mjs";

const source = (file) => readFileSync(join(assets, file), "utf8");
const load = (files, name, scope = {}) =>
  new Function(...Object.keys(scope), `"use strict";\n${files.map(source).join("\n")}\nreturn ${name};`)(
    ...Object.values(scope),
  );
const d3 = load([], "module.exports", {
  module: (() => {
    const module = { exports: {} };
    new Function("exports", "module", source("vendor/d3.min.js"))(module.exports, module);
    return module;
  })(),
});
const format = load(["format.js"], "format");
const data = load(["data.js"], "data");
const palette = load(["palette.js"], "palette");
const labels = load(["labels.js"], "labels");
const axes = load(["format.js", "axes.js"], "axes", { d3 });

test("numbers have four significant digits and no SI letters", () => {
  for (const [value, text] of [
    [0, "0"],
    [0.1, "0.1"],
    [0.25, "0.25"],
    [1, "1"],
    [16384, "16,384"],
    [4096, "4096"],
    [-5.25, "−5.25"],
    [2.5274, "2.527"],
    [0.00012346, "0.0001235"],
    [1.2e-7, "1.2×10⁻⁷"],
    [3e15, "3×10¹⁵"],
    [123456789, "123,456,789"],
    [99999.96, "100,000"],
    [-0.07947, "−0.07947"],
    [1234.5678, "1235"],
    [Infinity, "∞"],
  ]) {
    assert.equal(format.number(value), text);
  }
});

test("quantities take the prefix of their size", () => {
  for (const [value, unit, text] of [
    [0.002527, "s", "2.527 ms"],
    [6.51e-4, "s", "651 µs"],
    [2.62e-6, "s", "2.62 µs"],
    [12, "s", "12 s"],
    [1e4, "s", "10000 s".replace("10000", "10,000")],
    [4.563e9, "B", "4.563 GB"],
    [0, "B", "0 B"],
    [12, "B", "12 B"],
    [2.039e12, "B/s", "2.039 TB/s"],
    [3.119e14, "FLOP/s", "311.9 TFLOP/s"],
    [9.99996e-4, "s", "1 ms"],
    [5.25, "%", "5.25 %"],
    [2.325, "x", "2.325x"],
    [153, "FLOP/B", "153 FLOP/B"],
    [-1e-3, "s", "−1 ms"],
    [0.5, "constructor", "0.5 constructor"],
  ]) {
    assert.equal(format.quantity(value, unit), text);
  }
  assert.equal(format.value(null, "s"), "–");
});

test("an axis has one unit, of its middle where it is logarithmic", () => {
  assert.deepEqual(format.axis_unit(1e-6, 1, "s", true), { unit: "ms", factor: 1e-3 });
  assert.deepEqual(format.axis_unit(0, 0.012, "s", false), { unit: "ms", factor: 1e-3 });
  assert.deepEqual(format.axis_unit(1e12, 3e14, "FLOP/s", true), { unit: "TFLOP/s", factor: 1e12 });
  assert.deepEqual(format.axis_unit(-10, 10, "%", false), { unit: "%", factor: 1 });
});

test("ticks of a log axis are round, and inside it", () => {
  assert.deepEqual(axes.log_ticks(0.5, 20000, 8), [1, 10, 100, 1000, 10000]);
  assert.deepEqual(axes.log_ticks(0.9, 60, 8), [1, 2, 5, 10, 20, 50]);
  assert.deepEqual(
    axes.log_ticks(1e-9, 1e3, 4).every((tick) => Number.isInteger(Math.round(Math.log10(tick)) / 3)),
    true,
  );
  for (const [low, high] of [
    [3, 4],
    [1e-300, 1e300],
    [7, 7.01],
    [2, 9],
  ]) {
    const ticks = axes.log_ticks(low, high, 6);
    assert.ok(
      ticks.length >= 2 && ticks.length < 20 && ticks.every((tick) => tick >= low && tick <= high),
      `${low} to ${high}: ${ticks}`,
    );
  }
});

const chart = (more = {}) => ({
  x: { label: "N", scale: "log", unit: "" },
  y: { label: "time", scale: "log", unit: "s" },
  tables: [
    {
      columns: [{ name: "n" }, { name: "t", unit: "s" }],
      rows: [
        [512, 1e-5],
        [1024, 4e-5],
        [0, 1],
        [2048, null],
      ],
    },
  ],
  marks: [{ mark: "dot", table: 0, x: "n", y: "t" }],
  ...more,
});
const read = (...charts) => data.parse(JSON.stringify({ charts }));

test("an axis holds what has a place on it, and no more", () => {
  const axis = axes.make(read(chart()).charts[0], "x", 0);
  assert.deepEqual([axis.low, axis.high], [512, 2048]);
  assert.deepEqual(axis.ticks(600), [512, 1024, 2048]);
  assert.equal(
    axes.make(read(chart({ tables: [{ columns: [{ name: "n" }, { name: "t" }], rows: [] }] })).charts[0], "y", 0).empty,
    true,
  );
  for (const values of [
    [1e308, 1e308],
    [-1e308, 1e308],
    [0, 0],
    [5e-324, 1e308],
  ]) {
    for (const scale of ["log", "linear"]) {
      const rows = values.map((value) => [value, 1]);
      const { domain } = axes.make(
        read(chart({ x: { scale }, tables: [{ columns: [{ name: "n" }, { name: "t" }], rows }] })).charts[0],
        "x",
        0.03,
      );
      assert.ok(domain.every(Number.isFinite) && domain[0] < domain[1], `${scale} of ${values}: ${domain}`);
    }
  }
});

test("a damaged report says what is wrong instead of failing", () => {
  assert.throws(() => data.parse("{"), /cannot be read/);
  for (const odd of [null, 7, "x", [], {}, { marks: 3 }, { tables: [null], marks: [{ mark: "dot" }] }]) {
    assert.equal(data.parse(JSON.stringify({ charts: [odd] })).charts.length, 1);
  }
  const [one] = read(
    chart({ marks: [{ mark: "pie" }, { mark: "dot", table: 9 }, { mark: "dot", table: 0, x: "nobody", y: "t" }] }),
  ).charts;
  assert.equal(one.marks.length, 0);
  assert.match(one.problems.join("; "), /"pie".*table 9.*"nobody"/);
});

test("texts are cleaned of what no file may hold, identifiers of all but their letters", () => {
  const [one, other] = read(chart({ id: "A b/<c>\"'", title: "a\u0000b\u202ec" }), chart({ id: "a-b-c-" })).charts;
  assert.equal(one.title, "a\ufffdb\ufffdc");
  assert.match(one.id, /^[a-z0-9_-]+$/);
  assert.notEqual(one.id, other.id);
});

test("no two series of a chart look alike, with colours and without", () => {
  for (const count of [2, 7, 8, 20, 40]) {
    const names = Array.from({ length: count }, (_, n) => `series ${n}`);
    const slots = [...palette.slots(names, new Map()).values()];
    const looks = slots.map((slot) => palette.look(slot, palette.light));
    for (const sign of ["symbol", "dash", "hatch"]) {
      assert.equal(new Set(looks.map((look) => `${look.colour} ${look[sign]}`)).size, count, `${count} by ${sign}`);
    }
    if (count <= 7) {
      for (const sign of ["symbol", "dash", "hatch"])
        assert.equal(new Set(looks.map((look) => look[sign])).size, count, sign);
    }
  }
});

test("a name keeps its colour from chart to chart", () => {
  const wanted = new Map();
  const first = palette.slots(
    ["fa1", "fa2", "fa3"],
    wanted,
    new Map([
      ["fa1", "kernel"],
      ["fa2", "kernel"],
      ["fa3", "kernel"],
    ]),
  );
  const second = palette.slots(["fa3", "fa2"], wanted);
  assert.equal(second.get("fa3"), first.get("fa3"));
  assert.equal(palette.slots(["dram"], wanted, new Map([["dram", "level"]])).get("dram"), 0);
  assert.equal(palette.slots(["__proto__", "constructor"], wanted).size, 2);
});

// Colours as people with two kinds of cones see them (Viénot, Brettel and Mollon 1999).
const seen_as = (hex, kind) => {
  const rgb = [1, 3, 5]
    .map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  const rows = {
    all: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    protan: [
      [0.11238, 0.88762, 0],
      [0.11238, 0.88762, 0],
      [0.00401, -0.00401, 1],
    ],
    deutan: [
      [0.29275, 0.70725, 0],
      [0.29275, 0.70725, 0],
      [-0.02234, 0.02234, 1],
    ],
  }[kind];
  const [r, g, b] = rows.map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, share, n) => sum + share * rgb[n], 0),
      ),
    ),
  );
  const f = (t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const [x, y, z] = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
  ].map(f);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
};
const contrast = (one, other) => {
  const [a, b] = [one, other].map((hex) => {
    const [l] = seen_as(hex, "all");
    return ((l + 16) / 116) ** 3;
  });
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
};

test("colours stand off their paper and, for all eyes, the first of them off each other", () => {
  const css = source("page.css");
  const palettes = [
    ...css.matchAll(
      new RegExp(
        `--paper: (#\\w{6})[^}]*?${[0, 1, 2, 3, 4, 5, 6].map((n) => `--s${n}: (#\\w{6});`).join("\\s+")}`,
        "g",
      ),
    ),
  ];
  assert.equal(palettes.length, 3, "light, dark and print");
  for (const [, paper, ...series] of palettes) {
    for (const colour of series)
      assert.ok(contrast(colour, paper) >= 3, `${colour} on ${paper}: ${contrast(colour, paper).toFixed(2)}`);
    for (const kind of ["all", "protan", "deutan"]) {
      for (let a = 0; a < 3; ++a) {
        for (let b = 0; b < a; ++b) {
          const apart = Math.hypot(...seen_as(series[a], kind).map((v, n) => v - seen_as(series[b], kind)[n]));
          assert.ok(apart > 12, `${series[a]} and ${series[b]}, ${kind}: ${apart.toFixed(1)}`);
        }
      }
    }
  }
  assert.deepEqual(palettes[0].slice(2), palette.light.series);
});

test("labels keep off each other", () => {
  const box = (x, y, angle = 0) => ({ x, y, w: 30, h: 7, angle });
  assert.equal(labels.overlap(box(0, 0), box(50, 0)), true);
  assert.equal(labels.overlap(box(0, 0), box(61, 0)), false);
  assert.equal(labels.overlap(box(0, 0, Math.PI / 4), box(30, -30, Math.PI / 4)), false);
  assert.equal(labels.crosses(box(0, 0), [-50, -50], [50, 50]), true);
  assert.equal(labels.crosses(box(0, 0), [-50, 20], [50, 20]), false);
  assert.equal(labels.covers(box(0, 0), [29, 6]), true);
  const frame = { x1: 0, y1: 0, x2: 400, y2: 300 };
  const line = [
    [20, 280],
    [380, 40],
  ];
  const first = labels.best(labels.along(line, { w: 40, h: 7 }, frame), [], [], [], frame);
  const second = labels.best(labels.along(line, { w: 40, h: 7 }, frame), [first], [], [], frame);
  assert.equal(labels.overlap(first, second), false);
  assert.equal(labels.outside(first, frame), false);
  const heights = labels.spread([100, 101, 102, 250], 14, 0, 300);
  for (const [one, next] of [
    [0, 1],
    [1, 2],
    [2, 3],
  ])
    assert.ok(heights[next] - heights[one] >= 14 - 1e-9);
});

test("nothing ends an element early, and what is filled in is not looked at again", () => {
  const text = "</script><!--{{script}}$&";
  const page = fill(JSON.stringify({ title: text }));
  assert.equal(JSON.parse(/id="report">([^]*?)<\/script>/.exec(page)[1]).title, text);
  assert.equal(page.match(/<script/g).length, 3);
  assert.equal(page.match(/<\/script/g).length, 3);
  assert.equal(embeddable('"<!--"'), '"\\u003c!--"');
  assert.match(page, /default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:/);
  assert.doesNotMatch(page.replace(/<script type[^]*?<\/script>/, ""), /\{\{[a-z]+\}\}/);
  assert.doesNotMatch(
    [...parts().get("script"), "page.css", "page.html"].map(source).join(""),
    /innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|https?:\/\/(?!www\.w3\.org)/,
  );
  for (const file of [...parts().values()].flat()) {
    assert.doesNotMatch(source(file), /<\/script|<!--|<\/style/i, file);
    if (file.endsWith(".txt")) assert.doesNotMatch(source(file), /\*\//, file);
  }
});

test("the vendored files are those of the table, the parts those of the folder", () => {
  const table = source("vendor/README.md");
  for (const file of ["d3.min.js", "plot.umd.min.js", "LICENCES.txt"]) {
    const sum = createHash("sha256")
      .update(source(`vendor/${file}`))
      .digest("hex");
    assert.ok(new RegExp(`\`${file}\`.*${sum}`).test(table), `${file} is ${sum}`);
  }
  const scripts = readdirSync(assets)
    .filter((file) => file.endsWith(".js"))
    .sort();
  assert.deepEqual([...parts().get("script")].sort(), scripts);
});
