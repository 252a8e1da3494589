// What can be measured, by name.

import { publish, window } from "./publish.mjs";
import { receive } from "./receive.mjs";

export const MEASURES = { publish, window, receive };
