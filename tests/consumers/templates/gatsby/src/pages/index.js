import * as lib from "mqtt-lib";
import { createElement, useEffect } from "react";
import { exchangeInPage } from "../../exchange.mjs";

export default function Index() {
  useEffect(() => {
    exchangeInPage(lib);
  }, []);
  return createElement("p", null, "Messages");
}
