// Against clients in other languages, over TCP, with the same counterpart. `ofBest` is the ratio to the best of them. All keep
// 1,000 messages in flight, but this package at QoS 2 in 3.1.1: there it has 16 by default, and 1,000 in the row that says so.

import { NATIVE } from "../native.mjs";

const common = { transport: "tcp", clients: ["mqtt-lib", ...NATIVE] };

export const AGAINST_NATIVE = [
  { name: "native-publish-0", measure: "publish", ofBest: 2 },
  { name: "native-publish-1", measure: "window", qos: 1, ofBest: 1.5 },
  { name: "native-publish-2", measure: "window", qos: 2, ofBest: 2 },
  { name: "native-publish-2-window-1000", measure: "window", qos: 2, maxinflightqos2: 1000, ofBest: 2 },
  { name: "native-receive-1", measure: "receive", packed: 1, ofBest: 1.2 },
  { name: "native-receive-16", measure: "receive", packed: 16, ofBest: 1.2 },
].map((workload) => ({ ...common, ...workload }));
