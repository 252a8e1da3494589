// `npm run proof:miri`: the bounded exhaustive tests, smaller, and tests of the codec under Miri, which interprets them and stops
// at undefined behaviour: reads beyond an end, values that cannot be, data races. Our code is safe Rust; not all of what it
// uses is.
//   npm run proof:miri              these
//   npm run proof:miri -- FILTER    the tests of the library whose names have this
import { isMain, main, must } from "./run.mjs";
import { setup } from "./setup.mjs";

/** Without those of large packets, and of damage at random, which take hours here. */
const FILTERS = ["codec::properties", "codec::strings", "codec::topic", "codec::varint", "codec::packet"];
const SLOW = ["every_property_is_read", "matching_agrees_with_a_matcher_by_levels"];

async function miri(filters) {
  await setup("miri");
  // Without isolation, because the tests read the environment.
  const env = { MIRIFLAGS: "-Zmiri-disable-isolation -Zmiri-strict-provenance", MQTT_DEPTH: "1" };
  const test = (...args) => must("cargo", ["+nightly", "miri", "test", ...args], { env });
  const chosen = filters.length > 0 ? filters : [...FILTERS, ...SLOW.flatMap((name) => ["--skip", name])];
  await test("--lib", "--", ...chosen);
  if (filters.length === 0) await test("--test", "exhaustive");
}

if (isMain(import.meta.url)) await main(() => miri(process.argv.slice(2)));
