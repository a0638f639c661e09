// Numbers for people: four significant digits, decimal prefixes as the program prints them, never "100m" for 0.1.
const format = (() => {
  // Units that take a prefix, and which: nobody wants millibytes or kiloseconds.
  const prefixes = [
    ["p", 1e-12],
    ["n", 1e-9],
    ["µ", 1e-6],
    ["m", 1e-3],
    ["", 1],
    ["k", 1e3],
    ["M", 1e6],
    ["G", 1e9],
    ["T", 1e12],
    ["P", 1e15],
    ["E", 1e18],
  ];
  const countable = [1, 1e18];
  const prefixed = new Map([
    ["s", [1e-12, 1]],
    ["B", countable],
    ["FLOP", countable],
    ["FLOP/s", countable],
    ["B/s", countable],
    ["Hz", countable],
    ["W", [1e-3, 1e6]],
    ["J", [1e-12, 1e9]],
  ]);
  const raised = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

  const power = (exponent) => [...String(exponent)].map((sign) => raised[sign]).join("");
  const grouped = (digits) => {
    const [whole, part] = digits.split(".");
    const commas = whole.replace("-", "").length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, ",") : whole;
    return part === undefined ? commas : `${commas}.${part}`;
  };
  const trimmed = (digits) => (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);

  // number(0.1) "0.1", number(1234567) "1,234,567" (whole numbers keep their digits), number(1.2e-7) "1.2×10⁻⁷"
  const number = (value, digits = 4) => {
    if (value === 0) return "0";
    if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "–";
    const size = Math.abs(value);
    if (Number.isInteger(value) && size < 1e9) return sign(grouped(String(value)));
    if (size >= 1e-4 && size < 1e7) {
      const rounded = Number(value.toPrecision(digits));
      const places = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
      return sign(grouped(trimmed(rounded.toFixed(Math.min(places, 20)))));
    }
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return sign(`${trimmed(mantissa)}×10${power(Number(exponent))}`);
  };
  const sign = (digits) => digits.replace(/^-/, "−");

  // The prefix for values of this size: { unit: "TFLOP/s", factor: 1e12 }
  const prefix = (size, unit) => {
    const range = prefixed.get(unit);
    if (!range || !(size > 0)) return { unit, factor: 1 };
    let best = prefixes.find(([, factor]) => factor === range[0]);
    for (const one of prefixes) {
      // 999.96 is printed as 1000: it belongs to the next prefix
      if (one[1] >= range[0] && one[1] <= range[1] && Number((size / one[1]).toPrecision(4)) >= 1) best = one;
    }
    return { unit: best[0] + unit, factor: best[1] };
  };

  // quantity(0.002527, "s") "2.527 ms", quantity(5.2, "%") "5.2 %", quantity(2.3, "x") "2.3x"
  const quantity = (value, unit) => {
    if (unit === "x") return `${number(value)}x`;
    if (!unit) return number(value);
    const { unit: with_prefix, factor } = prefix(Math.abs(value), unit);
    return `${number(value / factor)} ${with_prefix}`;
  };

  // What stands in a cell or a tooltip.
  const value = (cell, unit) => {
    if (cell === null || cell === undefined) return "–";
    if (typeof cell === "number") return quantity(cell, unit);
    return String(cell);
  };

  // One unit for a whole axis, chosen by its middle on a log scale and by its end on a linear one.
  const axis_unit = (low, high, unit, log) => {
    const size = log ? Math.sqrt(low) * Math.sqrt(high) : Math.max(Math.abs(low), Math.abs(high));
    return prefix(size, unit);
  };

  // Ticks of an axis keep all digits they have, up to six.
  const tick = (value, unit) => (unit === "x" ? `${number(value, 6)}x` : number(value, 6));

  const clip = (text, length) => ([...text].length > length ? `${[...text].slice(0, length - 1).join("")}…` : text);

  return { number, prefix, quantity, value, axis_unit, tick, clip };
})();
