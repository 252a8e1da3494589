// The chart of the README, docs/benchmark.svg: rates over WebSocket by client, from the table of docs/performance.md, so that
// the picture says what the page says. Written by bench/markdown.mjs; a test compares it with the table.

const ROWS = [
  ["ws-publish-0", "publish, QoS 0"],
  ["ws-publish-1", "publish, QoS 1"],
  ["ws-publish-2", "publish, QoS 2"],
  ["ws-receive-16", "receive"],
];
const CLIENTS = {
  "this package": ["mqtt-lib", "#c2410c"],
  "MQTT.js": ["MQTT.js", "#7c8797"],
  "paho-mqtt": ["paho-mqtt", "#b3bbc7"],
};
const BAR = 18;
const GROUP = 3 * BAR + 20;
const LEFT = 130;
const WIDTH = 760;
const ROOM = WIDTH - LEFT - 190;
const TOP = 44;

/** Rates and ratios to MQTT.js of the first table behind `<!-- Node -->`, by workload and client. */
function ratesIn(markdown) {
  const rates = {};
  let workload;
  for (const line of markdown.split("<!-- Node -->")[1].split("\n")) {
    const [, name, client, rate, , ratio] = line.split("|").map((cell) => cell.trim());
    workload = name || workload;
    if (!(client in CLIENTS)) continue;
    rates[workload] ??= {};
    rates[workload][client] ??= { rate: Number(rate.replaceAll(",", "")), ratio };
  }
  return rates;
}

const text = (x, y, words, more = "") => `<text x="${x}" y="${y}" ${more}>${words}</text>`;

/** @param {string} markdown the text of docs/performance.md */
export function chart(markdown) {
  const rates = ratesIn(markdown);
  const most = Math.max(...ROWS.flatMap(([row]) => Object.values(rates[row]).map(({ rate }) => rate)));
  const parts = ROWS.flatMap(([row, label], group) => {
    const y = TOP + group * GROUP;
    const bars = Object.entries(CLIENTS).flatMap(([client, [name, colour]], i) => {
      const { rate, ratio } = rates[row][client];
      const width = Math.max(1, Math.round((rate / most) * ROOM));
      const at = y + i * BAR;
      const note = client === "MQTT.js" ? "" : ` (${Number.parseFloat(ratio)}×)`;
      const words = `${rate.toLocaleString("en")}${note}`;
      return [
        `<rect x="${LEFT}" y="${at}" width="${width}" height="${BAR - 3}" rx="2" fill="${colour}"/>`,
        text(LEFT + width + 6, at + 12, `${name} ${words}`),
      ];
    });
    return [text(LEFT - 10, y + BAR + 12, label, 'text-anchor="end" font-weight="600"'), ...bars];
  });
  const height = TOP + ROWS.length * GROUP;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#24292f">
<rect width="${WIDTH}" height="${height}" rx="6" fill="#ffffff"/>
${text(16, 26, "Messages a second over WebSocket in Node, 64 bytes (× MQTT.js)", 'font-size="14" font-weight="600"')}
${parts.join("\n")}
</svg>
`;
}
