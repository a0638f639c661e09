// Where a label may stand: beside its point or along its line, off the other labels, points and lines. Pure geometry in
// pixels; boxes are given by centre, half sizes and angle.
const labels = (() => {
  const corners = ({ x, y, w, h, angle }) => {
    const c = Math.cos(angle),
      s = Math.sin(angle);
    return [
      [-w, -h],
      [w, -h],
      [w, h],
      [-w, h],
    ].map(([dx, dy]) => [x + dx * c - dy * s, y + dx * s + dy * c]);
  };

  const outside = (box, frame) =>
    corners(box).some(([x, y]) => x < frame.x1 || x > frame.x2 || y < frame.y1 || y > frame.y2);

  // Is a point in the box, with some air around it?
  const covers = (box, [x, y], air = 0) => {
    const c = Math.cos(-box.angle),
      s = Math.sin(-box.angle);
    const dx = x - box.x,
      dy = y - box.y;
    return Math.abs(dx * c - dy * s) <= box.w + air && Math.abs(dx * s + dy * c) <= box.h + air;
  };

  // Two turned boxes overlap unless an edge direction of one separates them.
  const overlap = (a, b) => {
    if (Math.abs(a.x - b.x) > a.w + a.h + b.w + b.h || Math.abs(a.y - b.y) > a.w + a.h + b.w + b.h) return false;
    const one = corners(a),
      other = corners(b);
    for (const angle of [a.angle, a.angle + Math.PI / 2, b.angle, b.angle + Math.PI / 2]) {
      const along = ([x, y]) => x * Math.cos(angle) + y * Math.sin(angle);
      const p = one.map(along),
        q = other.map(along);
      if (Math.max(...p) <= Math.min(...q) || Math.max(...q) <= Math.min(...p)) return false;
    }
    return true;
  };

  // Does the piece from a to b cross the box? Clipped against the box's own axes.
  const crosses = (box, a, b) => {
    const c = Math.cos(-box.angle),
      s = Math.sin(-box.angle);
    const turn = ([x, y]) => [(x - box.x) * c - (y - box.y) * s, (x - box.x) * s + (y - box.y) * c];
    const [p, q] = [turn(a), turn(b)];
    let from = 0,
      to = 1;
    for (const [n, half] of [
      [0, box.w],
      [1, box.h],
    ]) {
      const d = q[n] - p[n];
      if (Math.abs(d) < 1e-9) {
        if (Math.abs(p[n]) > half) return false;
        continue;
      }
      const [t1, t2] = [(-half - p[n]) / d, (half - p[n]) / d].sort((x, y) => x - y);
      from = Math.max(from, t1);
      to = Math.min(to, t2);
      if (from > to) return false;
    }
    return true;
  };

  // How bad a place is: leaving the frame is worst, then covering a label, a point, a line.
  const cost = (box, taken, points, lines, frame) => {
    let sum = outside(box, frame) ? 1000 : 0;
    for (const other of taken) if (overlap(box, other)) sum += 120;
    for (const point of points) if (covers(box, point, 4)) sum += 60;
    for (const line of lines) {
      for (let n = 1; n < line.length; ++n) {
        if (crosses(box, line[n - 1], line[n])) {
          sum += 12;
          break;
        }
      }
    }
    return sum;
  };

  const best = (boxes, taken, points, lines, frame) => {
    let found = null,
      least = Infinity;
    boxes.forEach((box, preference) => {
      const sum = cost(box, taken, points, lines, frame) + preference * 0.5;
      if (sum < least) [found, least] = [box, sum];
    });
    return found && { ...found, cost: least };
  };

  // The visible part of a line of two or more points, as pieces within the frame.
  const pieces = (line, frame) => {
    const result = [];
    const frame_box = {
      x: (frame.x1 + frame.x2) / 2,
      y: (frame.y1 + frame.y2) / 2,
      w: (frame.x2 - frame.x1) / 2,
      h: (frame.y2 - frame.y1) / 2,
      angle: 0,
    };
    for (let n = 1; n < line.length; ++n) {
      if (crosses(frame_box, line[n - 1], line[n])) result.push([line[n - 1], line[n]]);
    }
    return result;
  };

  // Boxes above and below a line, along its slope: from a third of the way outwards.
  const along = (line, size, frame) => {
    const boxes = [];
    for (const [a, b] of pieces(line, frame)) {
      const angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
      const turned = Math.abs(angle) > Math.PI / 2 ? angle + Math.PI : angle;
      for (const share of [0.3, 0.2, 0.4, 0.5, 0.12, 0.6, 0.7, 0.8, 0.88, 0.94]) {
        const x = a[0] + (b[0] - a[0]) * share,
          y = a[1] + (b[1] - a[1]) * share;
        for (const side of [-1, 1]) {
          const away = side * (size.h + 2.5);
          boxes.push({
            x: x - Math.sin(turned) * away,
            y: y + Math.cos(turned) * away,
            w: size.w,
            h: size.h,
            angle: turned,
          });
        }
      }
    }
    return boxes;
  };

  // Boxes around a point: right, left, above, below and the four corners, near before far.
  const around = ([x, y], size, gap = 6) => {
    const boxes = [];
    for (const far of [gap, gap + 10, gap + 22]) {
      for (const [dx, dy] of [
        [1, -0.9],
        [1, 0],
        [-1, -0.9],
        [0, -1],
        [1, 0.9],
        [-1, 0],
        [0, 1],
        [-1, 0.9],
      ]) {
        boxes.push({
          x: x + dx * (size.w + far),
          y: y + dy * (size.h + (dx === 0 ? far : far / 2)),
          w: size.w,
          h: size.h,
          angle: 0,
        });
      }
    }
    return boxes;
  };

  // Heights of labels at line ends, moved apart just as far as needed, in their order from the top.
  const spread = (heights, least, low, high) => {
    const order = heights.map((_, n) => n).sort((a, b) => heights[a] - heights[b]);
    const result = [...heights];
    for (let n = 0; n < order.length; ++n) {
      const floor = n === 0 ? low : result[order[n - 1]] + least;
      result[order[n]] = Math.max(heights[order[n]], floor);
    }
    for (let n = order.length - 1; n >= 0; --n) {
      const ceiling = n === order.length - 1 ? high : result[order[n + 1]] - least;
      result[order[n]] = Math.min(result[order[n]], ceiling);
    }
    return result;
  };

  return { covers, overlap, crosses, outside, best, along, around, spread };
})();
