// Scales and ticks: convert values to pixels.

/** Return a linear scale from [low, high] to [from, to]. Its `inverse` converts pixels to values. */
export function linearScale(low, high, from, to) {
  const span = high - low || 1;
  const scale = (value) => from + ((value - low) / span) * (to - from);
  scale.inverse = (pixel) => low + ((pixel - from) / (to - from)) * span;
  scale.low = low;
  scale.high = high;
  return scale;
}

/** Return the minimum and maximum of the numbers in `values`, or [0, 1] if there are none. */
export function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Return an extent with a margin on both sides. Its width is never zero. */
export function padExtent([low, high], share) {
  const margin = (high - low) * share || Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** Return about `count` round numbers between low and high, in steps of 1, 2 or 5 times a power of ten. */
export function roundTicks(low, high, count) {
  const roughStep = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(roughStep));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= roughStep * 0.7);
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Return an SVG path through points [x, y]. A stepped path changes its height halfway between two points. */
export function linePath(points, stepped = false) {
  return points
    .map(([x, y], i) => {
      const point = `${x.toFixed(1)} ${y.toFixed(1)}`;
      if (i === 0) return `M${point}`;
      const middle = ((points[i - 1][0] + x) / 2).toFixed(1);
      return stepped ? `H${middle}V${y.toFixed(1)}H${x.toFixed(1)}` : `L${point}`;
    })
    .join("");
}
