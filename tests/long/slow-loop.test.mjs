// 30,000 messages of QoS 1 at once, and a loop that takes a millisecond for each: nothing is dropped, all come in order, and
// memory stays flat. MQTT_MESSAGES=n takes others, MQTT_PAUSE=0 a turn of the event loop for each instead of a millisecond.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mebibytes, printFigures } from "../support/figures.mjs";
import { SOURCES, slowLoop } from "../support/slow-loops.mjs";

const COUNT = Number(process.env.MQTT_MESSAGES ?? 30_000);
const PAUSE = Number(process.env.MQTT_PAUSE ?? 1);
const AT = [COUNT / 6, COUNT / 2, COUNT];
/** The heap of a process that does nothing else scatters by about one MiB. */
const MARGIN = 4 * 2 ** 20;

for (const version of [4, 5]) {
  for (const source of Object.keys(SOURCES)) {
    test(`${COUNT} messages, ${PAUSE} ms each, in a loop, from ${source}, MQTT ${version}`, async () => {
      const result = await slowLoop({ source, version, count: COUNT, at: AT, pause: PAUSE });
      const { memory, wrong, dropped, unhandled, reconnects, most, errors, acknowledged } = result;
      printFigures(`${COUNT} messages, ${PAUSE} ms each, from ${source}, MQTT ${version}`, {
        dropped,
        "out of order": wrong ?? "none",
        "most unhandled": most,
        ...Object.fromEntries(
          memory.map(([count, ...parts]) => [
            `heap, rss, external, heap reserved at ${count}`,
            parts.map(mebibytes).join(", "),
          ]),
        ),
      });
      assert.deepEqual(
        { wrong, dropped, unhandled, reconnects, errors },
        { wrong: undefined, dropped: 0, unhandled: 0, reconnects: 0, errors: [] },
      );
      if (acknowledged !== undefined) assert.equal(acknowledged, COUNT);
      const [[, first], , [, last]] = memory;
      assert.ok(last < first + MARGIN, `the heap grew from ${mebibytes(first)} to ${mebibytes(last)}`);
    });
  }
}
