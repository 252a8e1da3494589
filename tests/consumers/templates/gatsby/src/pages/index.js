import * as lib from "mqtt-lib";
import { useEffect } from "react";
import { exchangeInPage } from "../../exchange.mjs";

export default function Index() {
  useEffect(() => {
    exchangeInPage(lib);
  }, []);
  return <p>Messages</p>;
}
