// All workloads in order, and the defaults of their settings.

import { MORE } from "./workloads/more.mjs";
import { AGAINST_NATIVE } from "./workloads/native.mjs";
import { TABLE } from "./workloads/table.mjs";

const DEFAULTS = { size: 64, packed: 1, window: 1000, subscriptions: 0, repeat: 1, broker: "counterpart" };

export const WORKLOADS = [...TABLE, ...MORE, ...AGAINST_NATIVE].map((workload) => ({
  ...DEFAULTS,
  ...workload,
}));
