import * as lib from "./node_modules/mqtt-lib/dist/browser.mjs";
import { exchangeInPage } from "./exchange.mjs";

self.onconnect = ({ ports: [port] }) => {
  globalThis.document = {
    set title(text) {
      port.postMessage(text);
    },
  };
  port.onmessage = ({ data }) => exchangeInPage(lib, { href: data });
};
