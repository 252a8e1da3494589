// The service worker of an extension: a page of the extension asks it.
import * as lib from "mqtt-lib";
import { exchangeInPage } from "./exchange.mjs";

chrome.runtime.onMessage.addListener((href, _sender, answer) => {
  globalThis.document = {
    set title(text) {
      answer(text);
    },
  };
  exchangeInPage(lib, { href });
  return true;
});
