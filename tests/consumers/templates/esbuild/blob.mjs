import * as lib from "mqtt-lib/inline";
import { exchangeInPage } from "./exchange.mjs";

globalThis.document = {
  set title(text) {
    postMessage(text);
  },
};
self.onmessage = ({ data }) => exchangeInPage(lib, { href: data });
