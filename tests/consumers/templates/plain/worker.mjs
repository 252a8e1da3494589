import * as lib from "./node_modules/mqtt-lib/dist/browser.mjs";
import { talkInPage } from "./talk.mjs";

globalThis.document = {
  set title(text) {
    postMessage(text);
  },
};
self.onmessage = ({ data }) => talkInPage(lib, { href: data });
