// A service worker may not import() later, and may be started again at any time: everything is imported at once.
import * as lib from "./node_modules/mqtt-lib/dist/browser.mjs";
import { exchangeInPage } from "./exchange.mjs";

self.onmessage = (event) => {
  globalThis.document = {
    set title(text) {
      event.source.postMessage(text);
    },
  };
  event.waitUntil(exchangeInPage(lib, { href: event.data }));
};
