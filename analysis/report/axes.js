// Where values stand: what each axis has to hold, its unit, its ticks and the room that their labels need.
const axes = (() => {
  const horizontal = ["x", "x1", "x2"],
    vertical = ["y", "y1", "y2"];

  const category = (cell) => (cell === null ? "–" : typeof cell === "number" ? format.number(cell, 6) : String(cell));
  const position = (cell, axis) =>
    axis.scale === "category"
      ? category(cell)
      : typeof cell === "number" && (axis.scale !== "log" || cell > 0)
        ? cell
        : null;

  // Widths are asked of the browser where there is one, with the font that will be used.
  let pen = null;
  const text_width = (text, size = 12) => {
    if (typeof document === "undefined") return text.length * size * 0.56;
    pen ??= document.createElement("canvas").getContext("2d");
    pen.font = `${size}px ${chart_font}`;
    return pen.measureText(text).width;
  };
  // A text cut to a width in pixels.
  const fit = (text, room, size = 12) => {
    const start = format.clip(text, 160);
    const width = text_width(start, size);
    if (width <= room) return start;
    return format.clip(start, Math.max(1, Math.floor(([...start].length * room) / width)));
  };
  const chart_font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

  const is_bar = (mark) => mark.mark === "bar" || mark.mark === "cell";
  const sideways = (mark) => mark.mark === "bar" && (mark.x1 !== undefined || mark.x2 !== undefined);

  // Bars and cells stand in bands, whatever the chart says of the axis they stand on.
  const scale_of = (chart, which) => {
    const banded = chart.marks.some(
      (mark) => mark.mark === "cell" || (mark.mark === "bar" && sideways(mark) === (which === "y")),
    );
    return banded ? "category" : chart[which].scale;
  };

  // All that an axis has to hold: categories in order of appearance, or the least and the greatest value.
  const hold = (chart, which, scale) => {
    const keys = which === "x" ? horizontal : vertical;
    const seen = new Set();
    let low = Infinity,
      high = -Infinity,
      zero = false;
    for (const mark of chart.marks) {
      if (mark.mark === "table") continue;
      const apart = mark.mark === "rule" || mark.mark === "text"; // a crossover at N = 800 is no tick
      for (const key of keys) {
        if (mark[key] === undefined) continue;
        for (const row of mark.rows) {
          const at = position(row[mark[key]], { scale });
          if (at === null) continue;
          if (scale === "category" || (seen.size < 4096 && !apart)) seen.add(at);
          if (scale === "category") continue;
          if (at < low) low = at;
          if (at > high) high = at;
        }
      }
      zero ||= is_bar(mark) && keys.some((key) => mark[key] !== undefined);
    }
    return { seen: [...seen], low, high, zero };
  };

  // `above`: more room at the top, in shares as well, for what is written there
  const padded = ({ low, high, zero }, log, share, above = 0) => {
    const largest = Number.MAX_VALUE / 4; // a damaged number must not take the chart with it
    if (log) {
      const air = low === high ? Math.log(2) : Math.max((Math.log(high) - Math.log(low)) * share, 0.03);
      const top = Math.log(high) + air + (Math.log(high) - Math.log(low)) * above;
      return [
        Math.min(Math.max(Math.exp(Math.log(low) - air), 1e-300), largest / 10),
        Math.min(Math.exp(top), largest),
      ];
    }
    let [from, to] = [low, high].map((value) => Math.min(Math.max(value, -largest), largest));
    if (zero) [from, to] = [Math.min(0, from), Math.max(0, to)];
    if (from === 0 && to === 0) return [0, 1];
    if (from > 0 && from < to / 3) from = 0;
    const air = from === to ? Math.abs(from) / 10 || 1 : (to - from) * share;
    return [from === 0 ? 0 : from - air, to === 0 ? 0 : to + air];
  };

  // Powers of ten, with 2 and 5 between where there is room; a short range has ticks as on a linear scale.
  const log_ticks = (low, high, room) => {
    const decades = Math.log10(high / low);
    if (decades < 0.7) return d3.ticks(low, high, Math.min(room, 6)).filter((tick) => tick > 0);
    const ticks = [];
    const parts = decades < 3.5 && room >= decades * 3 ? [1, 2, 5] : [1];
    const step = parts.length > 1 ? 1 : Math.max(1, Math.ceil(decades / Math.max(room, 2)));
    for (let n = Math.floor(Math.log10(low)); n <= Math.ceil(Math.log10(high)); n += 1) {
      if (n % step !== 0) continue;
      for (const part of parts) {
        const tick = Number(`${part}e${n}`);
        if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push(tick);
      }
    }
    return ticks.length > 1 ? ticks : d3.ticks(low, high, 4).filter((tick) => tick > 0);
  };

  // Sequence lengths and the like are their own ticks; those that would touch the last one are left out.
  const own_ticks = (seen, log) => {
    if (!log || seen.length === 0 || seen.length > 24 || !seen.every((value) => Number.isInteger(value))) return null;
    return [...seen].sort((a, b) => a - b);
  };
  const thinned = (ticks, place, size) => {
    let last = -Infinity;
    return ticks.filter((tick) => {
      const half = size(tick) / 2,
        at = place(tick);
      if (at - half < last) return false;
      last = at + half;
      return true;
    });
  };

  // An axis of a chart: { scale, domain, factor, label, ticks(length), text(tick), band }
  const make = (chart, which, share, above) => {
    const scale = scale_of(chart, which);
    const held = hold(chart, which, scale);
    const given = chart[which];
    if (scale === "category") {
      return {
        scale,
        domain: held.seen,
        label: given.label,
        unit: given.unit,
        empty: held.seen.length === 0,
        text: (key) => key,
      };
    }
    const empty = held.low > held.high;
    const log = scale === "log";
    const domain = empty ? [1, 10] : padded(held, log, share, above);
    const { unit, factor } = format.axis_unit(held.low, held.high, given.unit, log);
    const text = (value) => format.tick(Number((value / factor).toPrecision(12)), given.unit);
    const ticks = (length) => {
      const place = log
        ? (tick) => (Math.log(tick / domain[0]) / Math.log(domain[1] / domain[0])) * length
        : (tick) => ((tick - domain[0]) / (domain[1] - domain[0])) * length;
      const size = which === "x" ? (tick) => text_width(text(tick)) + 14 : () => 20;
      const room = Math.max(2, Math.floor(length / (which === "x" ? 80 : log ? 44 : 48)));
      const own = which === "x" ? own_ticks(held.seen, log) : null;
      const found =
        own ??
        (log
          ? log_ticks(domain[0], domain[1], room)
          : d3.ticks(domain[0] / factor, domain[1] / factor, room).map((tick) => tick * factor));
      return thinned(found, place, size);
    };
    const shown = unit && unit !== "x" ? (given.label ? `${given.label} (${unit})` : unit) : given.label;
    return {
      scale,
      domain,
      factor,
      unit: given.unit,
      label: shown,
      ticks,
      text,
      empty,
      low: held.low,
      high: held.high,
    };
  };

  // Widest label of a y axis; x labels that do not fit side by side are turned.
  const left_room = (axis, height, width) => {
    const texts = axis.scale === "category" ? axis.domain : axis.ticks(height).map(axis.text);
    const widest = texts.slice(0, 400).reduce((most, text) => Math.max(most, text_width(format.clip(text, 40))), 20);
    return Math.min(widest + 14, width * 0.42);
  };
  const turned = (axis, length) => {
    if (axis.scale !== "category" || axis.domain.length === 0) return 0;
    const widest = axis.domain
      .slice(0, 400)
      .reduce((most, text) => Math.max(most, text_width(format.clip(text, 28))), 0);
    return widest + 6 > length / axis.domain.length ? widest : 0;
  };

  return { make, position, category, sideways, text_width, fit, left_room, turned, log_ticks, padded, chart_font };
})();
