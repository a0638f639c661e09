// What the program writes: the page that fill_page.mjs makes of the same report, byte for byte, and in it the values of the
// database.
//
//   node program_test.mjs PROGRAM SCRATCH
import { fill } from "./fill_page.mjs";
import { ask, make_pages } from "./program.mjs";

const [program, scratch] = process.argv.slice(2);
const failures = [];
const check = (what, condition, detail = "") => {
  if (!condition) failures.push(`${what}: ${detail}`);
};

// Rows of a table as objects.
const rows_of = (chart, name) => {
  const table = chart?.tables.find((one) => one.name === name);
  return (table?.rows ?? []).map((row) => Object.fromEntries(row.map((value, n) => [table.columns[n].name, value])));
};
const close = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
// same(WHAT, SHOWN, ASKED, WORDS, NUMBERS): as many rows, and in each the same, whatever the order
const same = (what, shown, asked, words, numbers) => {
  const key = (row) => words.map((name) => row[name]).join("|") + numbers.map((name) => row[name].toPrecision(9)).join("|");
  const sorted = (rows) => rows.map((row) => [key(row), row]).sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const [left, right] = [sorted(shown), sorted(asked)];
  check(`${what}: as many rows`, left.length === right.length && left.length > 0, `${left.length} of ${right.length}`);
  for (let n = 0; n < Math.min(left.length, right.length); ++n) {
    const fits =
      words.every((name) => left[n][1][name] === right[n][1][name]) &&
      numbers.every((name) => close(left[n][1][name], right[n][1][name]));
    if (!fits) return check(`${what}, row ${n}`, false, `${left[n][0]} beside ${right[n][0]}`);
  }
};

const pages = make_pages(program, scratch);
for (const { name, db, html, json } of pages) {
  const other = fill(json.replace(/\n$/, ""));
  let at = 0;
  while (at < html.length && html[at] === other[at]) ++at;
  check(`${name}: the same bytes`, html === other, `byte ${at}: ${html.slice(at, at + 60)} | ${other.slice(at, at + 60)}`);
  const report = JSON.parse(json);
  check(`${name}: SOURCE_DATE_EPOCH`, report.generated === "2023-11-14T22:13:20Z", report.generated);
  const chart = (id) => report.charts.find((one) => one.id === id);

  for (const one of report.charts.filter((c) => c.id.startsWith("against-observed-"))) {
    const [method, predictor = ""] = one.id.replace("against-observed-", "").split("-");
    same(
      `${name}, ${one.id}`,
      rows_of(one, "pairs"),
      ask(
        program,
        db,
        "select profile, kernel || iif(observed = 'measured', ', measured', '') as kernel, observed_ms / 1e3 as " +
          `observed_s, predicted_ms / 1e3 as computed_s from v_compare where method = '${method}' and predictor = ` +
          `iif('${predictor}' = '', predictor, '${predictor}')`,
      ),
      ["profile", "kernel"],
      ["observed_s", "computed_s"],
    );
  }
  const sum = "sum(n) as n";
  same(
    `${name}, profiles`,
    [{ what: "results", n: rows_of(chart("profiles"), "profiles").reduce((n, row) => n + row.n, 0) }],
    ask(program, db, `select 'results' as what, ${sum} from (select count(*) as n from v_result)`),
    ["what"],
    ["n"],
  );
}

// Bytes and times by length, of the one call that the small database has several lengths of.
const small = pages.find((page) => page.name === "small");
const charts = JSON.parse(small.json).charts;
same(
  "bytes by length",
  rows_of(
    charts.find((one) => one.id === "traffic-1"),
    "traffic",
  ).filter((row) => row.level === "DRAM"),
  ask(
    program,
    small.db,
    "select kernel, seq_q as seq, 1e9 * (dram_read_gb + dram_write_gb) as bytes from v_latest where method = 'predicted'",
  ),
  ["kernel"],
  ["seq", "bytes"],
);
same(
  "time by length",
  rows_of(
    charts.find((one) => one.id === "crossover-1"),
    "times",
  ),
  ask(program, small.db, "select kernel, seq_q as seq, time_ms / 1e3 as time_s from v_latest where method = 'predicted'"),
  ["kernel"],
  ["seq", "time_s"],
);
const observed = charts.filter((one) => one.id.startsWith("against-observed-")).map((one) => one.id);
check(
  "predicted and simulated stand beside the same observed times",
  observed.length === 2 && observed[1] === "against-observed-simulated-simulator",
  observed.join(" "),
);

for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(failures.length === 0 ? "the program's pages are as they should be" : `${failures.length} failures`);
process.exit(failures.length === 0 ? 0 : 1);
