// Scales and ticks: from values to pixels.

/** A linear scale from [low, high] to [from, to], with `inverse`. */
export function linear(low, high, from, to) {
  const span = high - low || 1;
  const scale = (value) => from + ((value - low) / span) * (to - from);
  scale.inverse = (pixel) => low + ((pixel - from) / (to - from)) * span;
  scale.low = low;
  scale.high = high;
  return scale;
}

/** Least and greatest of the numbers among `values`; [0, 1] when there are none. */
export function extent(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 1];
}

/** An extent with a margin on both sides, and never of width zero. */
export function padded([low, high], share) {
  const margin = (high - low) * share || Math.abs(low) * 0.1 || 1;
  return [low - margin, high + margin];
}

/** About `many` round numbers between low and high: the step nearest to that, of 1, 2, 5 and their powers of ten. */
export function ticks(low, high, many) {
  const rough = (high - low) / Math.max(1, many);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough * 0.7);
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A path through points [x, y] in pixels; `stepped` goes sideways first, then up or down halfway. */
export function path(points, stepped = false) {
  return points
    .map(([x, y], i) => {
      const here = `${x.toFixed(1)} ${y.toFixed(1)}`;
      if (i === 0) return `M${here}`;
      const middle = ((points[i - 1][0] + x) / 2).toFixed(1);
      return stepped ? `H${middle}V${y.toFixed(1)}H${x.toFixed(1)}` : `L${here}`;
    })
    .join("");
}

/** Text that is cut where it would be longer than `most` characters. */
export function cut(text, most) {
  return text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text;
}
