import * as lib from "mqtt-lib";
import { useEffect } from "react";
import { exchangeInPage } from "../../exchange.mjs";

export default function Home() {
  useEffect(() => {
    exchangeInPage(lib);
  }, []);
  return <p>messages</p>;
}
