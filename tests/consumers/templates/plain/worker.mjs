import * as lib from "./node_modules/mqtt-lib/dist/browser.mjs";
import { exchangeInPage } from "./exchange.mjs";

globalThis.document = {
  set title(text) {
    postMessage(text);
  },
};
self.onmessage = ({ data }) => exchangeInPage(lib, { href: data });
