// The benchmark panel: settings, one run at a time, a row of figures for each.

import { measure } from "../bench/workloads.mjs";
import { button, byId, make, setText } from "../lib/dom.mjs";
import { QOS, row } from "../lib/fields.mjs";
import { bytes, count, figure, milliseconds } from "../lib/format.mjs";
import { sentenceOf } from "../lib/sentence.mjs";

const WORKLOADS = /** @type {[string, string][]} */ ([
  ["publish", "Publish"],
  ["receive", "Publish and receive"],
  ["latency", "There and back, one by one"],
]);
const COLUMNS = {
  Workload: ({ workload }) => workload,
  QoS: ({ qos }) => String(qos),
  Messages: ({ count: number }) => count(number),
  Size: ({ size }) => bytes(size),
  "Messages/s": ({ rate }) => count(rate),
  "Bytes/s": (result) => bytes(result.bytes),
  Median: ({ p50 }) => milliseconds(p50),
  "95 %": ({ p95 }) => milliseconds(p95),
  "99 %": ({ p99 }) => milliseconds(p99),
  Lost: ({ lost }) => count(lost),
};

export function benchPanel({ MqttCustom, connection, log }) {
  const table = byId("bench-results");
  const progress = byId("bench-progress");
  const status = byId("bench-status");
  const results = [];
  /** @type {AbortController | undefined} */
  let running;

  byId("bench-fields").append(
    row(
      { id: "bench-workload", label: "Workload", options: WORKLOADS },
      { id: "bench-qos", label: "QoS", options: QOS, value: "1", size: "short" },
      {
        id: "bench-count",
        label: "Messages",
        type: "number",
        value: 10_000,
        more: { min: 1, max: 1_000_000 },
      },
      {
        id: "bench-size",
        label: "Payload, bytes",
        type: "number",
        value: 64,
        more: { min: 0, max: 1_048_576 },
      },
    ),
  );
  const copy = button("Copy as JSON", { class: "quiet", hidden: true }, () =>
    navigator.clipboard.writeText(results.map((result) => JSON.stringify(result)).join("\n")),
  );
  byId("bench-stop").after(copy);

  function bounded(id) {
    const { value, min, max } = byId(id);
    return Math.round(Math.min(Number(max), Math.max(Number(min), Number(value))));
  }

  function credentials() {
    const { willsettopic, willsetpayload, willsetqos, willsetretain, willProperties, mqttclientid, ...rest } =
      connection.credentials();
    return { ...rest, mqttcleansession: true };
  }

  function showResult(kind, text) {
    status.dataset.kind = kind;
    setText(status, text);
  }

  async function run() {
    running = new AbortController();
    const total = bounded("bench-count");
    show();
    progress.value = 0;
    showResult("", "Running …");
    try {
      const result = await measure(MqttCustom, {
        workload: byId("bench-workload").value,
        credentials: credentials(),
        qos: /** @type {0 | 1 | 2} */ (Number(byId("bench-qos").value)),
        count: total,
        size: bounded("bench-size"),
        signal: running.signal,
        progress: (done) => {
          progress.value = done / total;
        },
      });
      progress.value = 1;
      results.unshift(result);
      showResult("good", `${count(result.rate)} messages a second, in ${figure(result.ms / 1000)} s`);
    } catch (error) {
      if (running.signal.aborted) showResult("", "Stopped.");
      else {
        showResult("bad", sentenceOf(error));
        log.add(error);
      }
    } finally {
      running = undefined;
      show();
    }
  }

  function show() {
    byId("bench-run").disabled = running !== undefined;
    byId("bench-stop").disabled = running === undefined;
    copy.hidden = results.length === 0 || !navigator.clipboard;
    if (results.length === 0) return;
    const head = Object.keys(COLUMNS).map((name) => make("th", { scope: "col" }, name));
    const rows = results.map((result) =>
      make("tr", {}, ...Object.values(COLUMNS).map((write) => make("td", {}, write(result)))),
    );
    table.replaceChildren(make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
  }

  byId("bench").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!running) run();
  });
  byId("bench-stop").addEventListener("click", () => running?.abort());
}
