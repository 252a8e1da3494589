// The broker of `npm start` and of tests, which speaks MQTT 5 and 3.1.1: that of `mqtt-lib broker`, which also serves the page.
import { Aedes } from "aedes-mqtt5";
import { startEmbedded } from "../js/cli/embedded.mjs";
import { serveFiles } from "./files.mjs";

/** See `startEmbedded`; `Aedes` may be the class of another version. */
export const startBroker = ({ Aedes: Other = Aedes, ...options } = {}) =>
  startEmbedded(Other, { serve: serveFiles, ...options });
