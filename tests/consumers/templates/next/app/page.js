"use client";

// Rendered on the server too: importing the package must touch nothing of a browser.
import * as lib from "mqtt-lib";
import { useEffect } from "react";
import { exchangeInPage } from "../exchange.mjs";

export default function Page() {
  useEffect(() => {
    exchangeInPage(lib);
  }, []);
  return <main>{typeof lib}</main>;
}
