// 30,000 messages of QoS 1 at once, and a loop that takes a millisecond for each: nothing is dropped, all come in order, and
// memory stays flat.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mebibytes, printFigures } from "../support/figures.mjs";
import { SOURCES, slowLoop } from "../support/slow-loops.mjs";

const COUNT = Number(process.env.MQTT_MESSAGES ?? 30_000);
const AT = [COUNT / 6, COUNT / 2, COUNT];
/** The heap of a process that does nothing else scatters by about one MiB. */
const MARGIN = 4 * 2 ** 20;

for (const version of [4, 5]) {
  for (const source of Object.keys(SOURCES)) {
    test(`${COUNT} messages, 1 ms each, in a loop, from ${source}, MQTT ${version}`, async () => {
      const result = await slowLoop({ source, version, count: COUNT, at: AT });
      const { memory, wrong, dropped, unhandled, reconnects, most, errors, acknowledged } = result;
      printFigures(`${COUNT} messages, 1 ms each, from ${source}, MQTT ${version}`, {
        dropped,
        "out of order": wrong ?? "none",
        "most unhandled": most,
        ...Object.fromEntries(
          memory.map(([count, heap, rss]) => [
            `heap, rss at ${count}`,
            `${mebibytes(heap)}, ${mebibytes(rss)}`,
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
