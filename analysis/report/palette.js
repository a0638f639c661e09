// Who looks how. Every series has a colour that all eyes can tell apart (after Okabe and Ito, the two palest darkened
// for white paper) and a second sign that survives a black-and-white print: a shape, a dash, a hatch or a filling.
const palette = (() => {
  const light = {
    paper: "#ffffff",
    ink: "#1b1f24",
    soft: "#59616b",
    rule: "#d5d9de",
    faint: "#eceef1",
    series: ["#0072b2", "#c9540a", "#008a64", "#b0568c", "#a87400", "#2f93cf", "#5b5f66"],
  };
  // On the page the colours are the style sheet's, which knows dark from light; a saved picture is always light.
  const on_page = {
    paper: "var(--paper)",
    ink: "var(--ink)",
    soft: "var(--soft)",
    rule: "var(--rule)",
    faint: "var(--faint)",
    series: light.series.map((_, slot) => `var(--s${slot})`),
  };
  const colours = light.series.length;
  const symbols = ["circle", "triangle", "square", "diamond", "star", "cross", "wye", "plus", "times", "asterisk"];
  const stroked = new Set(["plus", "times", "asterisk"]);
  const dashes = ["", "7 3", "2 2.5", "9 3 2 3", "12 4", "5 2 1 2 1 2", "1 4", "14 3 3 3"];
  const hatches = ["none", "rising", "falling", "level", "upright", "crossed", "dots", "grid"];
  const fillings = ["full", "hollow", "pale"];

  // Slots of the series of one chart. `wanted` remembers a name's slot over the whole page, so that a kernel keeps its
  // colour from chart to chart as long as two names of one chart do not want the same. Names of each kind (kernels,
  // levels, resources) begin with the first colour: `kinds` holds the column that a name stands in.
  const slots = (names, wanted = new Map(), kinds = new Map()) => {
    const result = new Map();
    const taken = new Set();
    let next = 0;
    const free = () => {
      while (taken.has(next)) ++next;
      return next;
    };
    for (const name of names) {
      if (wanted.has(name)) continue;
      const count = `\u0000${kinds.get(name) ?? ""}`; // no name begins so: it was cleaned
      wanted.set(name, wanted.get(count) ?? 0);
      wanted.set(count, (wanted.get(count) ?? 0) + 1);
    }
    for (const name of names) {
      const colour = wanted.get(name) % colours;
      if (taken.has(colour)) continue;
      result.set(name, colour);
      taken.add(colour);
    }
    for (const name of names) {
      if (result.has(name)) continue;
      const slot = free();
      result.set(name, slot);
      taken.add(slot);
    }
    return result;
  };

  const look = (slot, theme) => ({
    slot,
    colour: theme.series[slot % colours],
    // seven colours and ten shapes, eight dashes, eight hatches: no common divisor, so that pairs come again late
    symbol: symbols[slot % symbols.length],
    dash: dashes[slot % dashes.length],
    hatch: hatches[slot % hatches.length],
    filling: fillings[slot % fillings.length],
  });

  // Cells: pale to dark, one hue, even steps of lightness; the value is written in each.
  const ramp = (share) => {
    const from = [233, 241, 248],
      middle = [86, 152, 199],
      to = [8, 48, 90];
    const [low, high, at] = share < 0.5 ? [from, middle, share * 2] : [middle, to, share * 2 - 1];
    return `rgb(${low.map((value, n) => Math.round(value + (high[n] - value) * at)).join(",")})`;
  };
  const on_ramp = (share) => (share > 0.42 ? "#ffffff" : "#12202e");

  return { light, on_page, colours, symbols, stroked, slots, look, ramp, on_ramp };
})();
