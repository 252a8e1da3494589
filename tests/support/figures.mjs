// Prints the figures that a long test has measured, as one table.

/** @param {string} title @param {Record<string, string | number>} figures */
export function printFigures(title, figures) {
  const rows = Object.entries(figures).map(([name, value]) => [
    name,
    typeof value === "number" ? value.toLocaleString("en") : value,
  ]);
  const width = Math.max(...rows.map(([name]) => name.length));
  console.log(`\n${title}`);
  for (const [name, value] of rows) console.log(`  ${name.padEnd(width)}  ${value}`);
}

export const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
