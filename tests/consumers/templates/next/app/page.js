"use client";

// Rendered on the server too: importing the package must touch nothing of a browser.
import * as lib from "mqtt-lib";
import { useEffect } from "react";
import { talkInPage } from "../talk.mjs";

export default function Page() {
  useEffect(() => {
    talkInPage(lib);
  }, []);
  return <main>{typeof lib.MqttCustom}</main>;
}
