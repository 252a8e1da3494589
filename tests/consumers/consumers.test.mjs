// The packed package as its users use it: each consumer installs it, builds if it has a build, runs, and exchanges messages
// with a Mosquitto. These are the few that need few tools; `npm run test:consumers` (run.mjs) runs all.

import { after, before, test } from "node:test";
import { LIGHT } from "./consumers.mjs";
import { startHarness } from "./support/harness.mjs";

let harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.stop());

for (const consumer of LIGHT) test(consumer.name, () => harness.runConsumer(consumer));
