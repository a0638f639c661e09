// What the report says, as the writer embedded it: read, cleaned and checked once, so that nothing behind this file
// has to ask whether a column is there. No part of the page takes a text for anything but text.
const data = (() => {
  const marks = ["dot", "line", "area", "bar", "cell", "rule", "text", "table"];
  const columns_of_marks = ["x", "y", "x1", "x2", "y1", "y2", "series", "symbol", "fill", "label", "facet"];
  const scales = ["log", "linear", "category"];

  // Control characters and halves of characters are legal in a database and not in an SVG file; signs that turn the
  // direction of writing would let a name rearrange the text around it.
  const unprintable = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g;
  const clean = (value) => {
    const text = value.replace(unprintable, "\ufffd");
    return text.isWellFormed && !text.isWellFormed() ? text.toWellFormed() : text;
  };

  const text = (value, otherwise = "") =>
    typeof value === "string" ? clean(value) : typeof value === "number" ? String(value) : otherwise;
  const list = (value) => (Array.isArray(value) ? value : []);
  const object = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});
  const cell = (value) =>
    typeof value === "string"
      ? clean(value)
      : typeof value === "boolean"
        ? String(value)
        : Number.isFinite(value)
          ? value
          : null;

  const table = (from, number) => {
    const columns = list(from.columns).map((column) => ({ name: text(column.name, "?"), unit: text(column.unit) }));
    const index = new Map(columns.map((column, at) => [column.name, at]));
    const rows = list(from.rows).map((row) => list(row).map(cell));
    return { name: text(from.name, `table ${number + 1}`), columns, index, rows };
  };

  const axis = (from) => {
    const given = object(from);
    return {
      label: text(given.label),
      unit: text(given.unit),
      scale: scales.includes(given.scale) ? given.scale : "linear",
    };
  };

  // A mark, with column names turned into positions; what cannot be drawn is said in `problems`.
  const mark = (from, tables, problems) => {
    if (!marks.includes(from.mark)) {
      problems.push(`a mark "${text(from.mark, "?")}" that this page does not know`);
      return null;
    }
    const its_table = tables[from.table ?? 0];
    if (!its_table) {
      problems.push(`a mark of table ${text(from.table, "?")}, which is not there`);
      return null;
    }
    const result = { mark: from.mark, table: from.table ?? 0, rows: its_table.rows, columns: its_table.columns };
    for (const key of columns_of_marks) {
      if (from[key] === undefined || from[key] === null || from[key] === "") continue;
      const at = its_table.index.get(text(from[key]));
      if (at === undefined) {
        problems.push(`a mark of column "${text(from[key], "?")}", which is not in table "${its_table.name}"`);
        return null;
      }
      result[key] = at;
    }
    result.tip = list(from.tip)
      .map((name) => its_table.index.get(text(name)))
      .filter((at) => at !== undefined);
    result.dash = from.dash === true;
    result.along = from.along === true;
    return result;
  };

  const chart = (from, number, taken) => {
    const problems = [];
    let id =
      text(from.id)
        .toLowerCase()
        .replace(/[^a-z0-9_-]+/g, "-")
        .slice(0, 80) || `chart-${number + 1}`;
    while (taken.has(id)) id += "-";
    taken.add(id);
    const tables = list(from.tables).map((one, at) => table(object(one), at));
    return {
      id,
      section: text(from.section, "Charts"),
      title: text(from.title, id),
      text: text(from.text),
      x: axis(from.x),
      y: axis(from.y),
      tables,
      marks: list(from.marks)
        .map((one) => mark(object(one), tables, problems))
        .filter((one) => one),
      aggregated: text(from.aggregated),
      provenance: list(from.provenance)
        .map((line) => text(line))
        .filter((line) => line),
      problems,
    };
  };

  // The report of a JSON text; throws with a sentence for the reader where there is none.
  const parse = (json) => {
    let given;
    try {
      given = object(JSON.parse(json));
    } catch (error) {
      throw new Error(`The data of this report cannot be read: ${error.message}`);
    }
    const taken = new Set();
    return {
      title: text(given.title, "rooftile report"),
      generated: text(given.generated),
      rooftile: text(given.rooftile),
      database: text(given.database),
      summary: list(given.summary).map((one) => ({ label: text(object(one).label), value: text(object(one).value) })),
      notes: list(given.notes)
        .map((line) => text(line))
        .filter((line) => line),
      charts: list(given.charts).map((one, number) => chart(object(one), number, taken)),
    };
  };

  // The sections in order of first appearance, each with its charts.
  const sections = (report) => {
    const found = new Map();
    for (const one of report.charts) {
      if (!found.has(one.section)) found.set(one.section, []);
      found.get(one.section).push(one);
    }
    return [...found].map(([name, charts]) => ({ name, charts }));
  };

  return { parse, sections };
})();
