// Percentiles of measurements.

/** @param {Iterable<number>} values @param {number[]} shares between 0 and 1 */
export function percentiles(values, shares) {
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
}
