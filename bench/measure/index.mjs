// The measurements by name. Each returns a rate, or `figures` for which less is better.

import { handled } from "./handled.mjs";
import { idle } from "./idle.mjs";
import { latency } from "./latency.mjs";
import { publish, window } from "./publish.mjs";
import { receive } from "./receive.mjs";
import { start } from "./start.mjs";

import { native } from "./native.mjs";

export const MEASURES = { native, publish, window, receive, handled, latency, idle, start };
