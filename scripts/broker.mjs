// The broker of `npm start` and of tests: that of `mqtt-lib broker`, which also serves the page.
import { Aedes } from "aedes";
import { startEmbedded } from "../js/cli/embedded.mjs";
import { serveFiles } from "./files.mjs";

/** See `startEmbedded`. */
export const startBroker = (options = {}) => startEmbedded(Aedes, { serve: serveFiles, ...options });
