// The page: header, contents, sections. Charts are drawn when they come near the window and, after that, whenever the
// browser has nothing else to do, so that a report with two hundred charts opens at once and still prints whole.
const page = (() => {
  const { element } = tables;
  const print_width = 680; // about the text width of A4 in CSS pixels: letters of a printed chart keep their size

  const anchor = (name, number) =>
    `section-${number + 1}-${name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, 40)}`;

  const header = (report) => {
    const result = element("header", { class: "top" });
    result.append(element("h1", {}, report.title));
    const made = [
      report.database && `from ${report.database}`,
      report.rooftile && `by rooftile ${report.rooftile}`,
      report.generated && `on ${report.generated.replace("T", " ").replace(/Z$/, " UTC")}`,
    ].filter((part) => part);
    if (made.length) result.append(element("p", { class: "made" }, `Made ${made.join(" ")}`));
    if (report.summary.length) {
      const facts = element("dl", { class: "facts" });
      for (const { label, value } of report.summary) {
        const fact = element("div");
        fact.append(element("dt", {}, label), element("dd", {}, value));
        facts.append(fact);
      }
      result.append(facts);
    }
    if (report.notes.length) {
      const notes = element("div", { class: "notes", role: "note" });
      for (const note of report.notes) notes.append(element("p", {}, note));
      result.append(notes);
    }
    return result;
  };

  const contents = (sections) => {
    const result = element("nav", { class: "contents", "aria-label": "Contents" });
    const details = element("details");
    details.open = window.innerWidth >= 1080;
    details.append(element("summary", {}, "Contents"));
    const outer = element("ol");
    sections.forEach((section, number) => {
      const item = element("li");
      item.append(element("a", { href: `#${anchor(section.name, number)}` }, section.name));
      const inner = element("ol");
      for (const one of section.charts) {
        const line = element("li");
        line.append(element("a", { href: `#chart-${one.id}` }, one.title));
        inner.append(line);
      }
      item.append(inner);
      outer.append(item);
    });
    details.append(outer);
    result.append(details);
    return result;
  };

  const footer = () => {
    const result = element("footer");
    result.append(
      element(
        "p",
        {},
        "This file needs nothing else: it opens from disk and asks no server for anything. Charts by " +
          "Observable Plot and D3, whose licences stand at its end.",
      ),
    );
    return result;
  };

  // Draws what waits, nearest first; a chart is painted again only when its width has changed.
  const painter = (cards) => {
    const waiting = new Set(cards);
    const widths = new Map();
    let printing = false,
      scheduled = false;
    const later = window.requestIdleCallback ?? ((step) => setTimeout(() => step({ timeRemaining: () => 12 }), 1));
    const paint = (one) => {
      waiting.delete(one);
      const width = one.width();
      if (width === 0 || widths.get(one) === width) return;
      widths.set(one, width);
      one.draw(width);
    };
    const folded = () => [...document.querySelectorAll("details.provenance:not([open])")];
    let opened = [];
    const tell = () => {
      document.documentElement.dataset.charts = waiting.size === 0 ? "drawn" : "waiting";
    };
    const step = (idle) => {
      scheduled = false;
      for (const one of waiting) {
        paint(one);
        if (idle.timeRemaining() < 4) break;
      }
      tell();
      schedule();
    };
    const schedule = () => {
      if (scheduled || waiting.size === 0) return;
      scheduled = true;
      later(step);
    };
    const by_element = new Map(cards.map((one) => [one.element, one]));
    const near = new IntersectionObserver(
      (entries) => {
        for (const entry of entries) {
          const one = by_element.get(entry.target);
          if (entry.isIntersecting && waiting.has(one)) paint(one);
        }
        tell();
      },
      { rootMargin: "600px 0px" },
    );
    const resized = new ResizeObserver(() => {
      if (printing) return;
      for (const one of cards) if (one.width() !== widths.get(one)) waiting.add(one);
      for (const one of [...waiting]) {
        const { top, bottom } = one.element.getBoundingClientRect();
        if (bottom > -600 && top < window.innerHeight + 600) paint(one);
      }
      tell();
      schedule();
    });
    for (const one of cards) near.observe(one.element);
    resized.observe(document.getElementById("page"));
    window.addEventListener("beforeprint", () => {
      printing = true;
      for (const one of cards) one.draw(print_width, true);
      waiting.clear();
      widths.clear();
      opened = folded(); // on paper nobody can unfold where a number comes from
      for (const details of opened) details.open = true;
      tell();
    });
    window.addEventListener("afterprint", () => {
      printing = false;
      for (const details of opened) details.open = false;
      for (const one of cards) paint(one);
    });
    tell();
    schedule();
  };

  const build = (report) => {
    document.title = report.title;
    const root = document.getElementById("page");
    const sections = data.sections(report);
    root.append(header(report));
    const wanted = new Map(); // which slot each name had first: it keeps it from chart to chart
    const cards = [];
    const body = element("div", { class: "body" });
    sections.forEach((section, number) => {
      const part = element("section", { id: anchor(section.name, number) });
      part.append(element("h2", {}, section.name));
      for (const one of section.charts) {
        const made = card.make(one, wanted);
        part.append(made.element);
        if (made.draw) cards.push(made);
      }
      body.append(part);
    });
    if (sections.length === 0) {
      body.append(element("p", { class: "nothing" }, "There is nothing to show yet: the database has no results."));
    } else {
      root.append(contents(sections));
      document.body.classList.add("has-contents");
    }
    root.append(body, footer());
    painter(cards);
    // an address with an anchor was looked up before the anchor was there
    if (location.hash.length > 1) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  };

  const start = () => {
    try {
      build(data.parse(document.getElementById("report").textContent));
    } catch (error) {
      const message = element("p", { class: "alone", role: "alert" }, error.message);
      document.getElementById("page").replaceChildren(message);
      document.documentElement.dataset.charts = "drawn";
    }
  };

  return { start };
})();

page.start();
