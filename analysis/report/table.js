// Tables of the numbers: everything a chart shows, and the rows that it could not. Long ones come in portions, so that
// a hundred thousand rows cost nothing until somebody asks for them.
const tables = (() => {
  const portion = 200;

  const element = (name, attributes = {}, text) => {
    const result = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) result.setAttribute(key, value);
    if (text !== undefined) result.textContent = text;
    return result;
  };

  const is_number = (table, column) => {
    const row = table.rows.find((one) => one[column] !== null && one[column] !== undefined);
    return row !== undefined && typeof row[column] === "number";
  };

  // Units that take a prefix stand in each cell (2.527 ms), all others in the heading.
  const heading = (column) =>
    column.unit &&
    format.prefix(1, column.unit).unit === column.unit &&
    /[/]/.test(column.unit) &&
    !["FLOP/s", "B/s"].includes(column.unit)
      ? `${column.name}, ${column.unit}`
      : column.name;
  const shown = (value, column) =>
    typeof value === "number" && heading(column) !== column.name
      ? format.number(value)
      : format.value(value, column.unit);

  const row_element = (row, table, numeric) => {
    const line = element("tr");
    table.columns.forEach((column, at) => {
      const value = row[at] ?? null;
      const cell = at === 0 && !numeric[0] ? element("th", { scope: "row" }) : element("td");
      if (numeric[at]) cell.className = "number";
      // the whole number, for whoever wants more than four digits
      if (typeof value === "number") cell.title = String(value);
      cell.textContent = shown(value, column);
      line.append(cell);
    });
    return line;
  };

  // The element of one table, inside a box that scrolls by itself.
  const draw = (table, caption) => {
    const box = element("div", {
      class: "table-box",
      tabindex: "0",
      role: "region",
      "aria-label": caption || table.name,
    });
    const whole = element("table");
    if (caption) whole.append(element("caption", {}, caption));
    const numeric = table.columns.map((_, at) => is_number(table, at));
    const head = element("tr");
    table.columns.forEach((column, at) => {
      const cell = element("th", { scope: "col" }, heading(column));
      if (numeric[at]) cell.className = "number";
      head.append(cell);
    });
    const thead = element("thead");
    thead.append(head);
    const body = element("tbody");
    whole.append(thead, body);
    box.append(whole);
    const result = element("div", { class: "table" });
    result.append(box);
    if (table.rows.length === 0) {
      result.append(element("p", { class: "aside" }, "No rows."));
      return result;
    }
    let next = 0;
    const more = element("button", { type: "button", class: "more" });
    const extend = (count) => {
      const until = Math.min(next + count, table.rows.length);
      const rows = document.createDocumentFragment();
      for (; next < until; ++next) rows.append(row_element(table.rows[next], table, numeric));
      body.append(rows);
      const left = table.rows.length - next;
      const count_text = format.number(Math.min(left, portion * 5));
      more.textContent = `Show ${count_text} more of ${format.number(table.rows.length)} rows`;
      more.hidden = left === 0;
    };
    more.addEventListener("click", () => extend(portion * 5));
    extend(portion);
    result.append(more);
    return result;
  };

  return { draw, element };
})();
