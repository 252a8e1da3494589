import * as lib from "mqtt-lib";
import { useEffect } from "react";
import { exchangeInPage } from "../../exchange.mjs";

let runs = 0;

export default function Home() {
  // React Router's own entry is in StrictMode, which runs it twice during development: each has a topic of its own.
  useEffect(() => {
    runs += 1;
    exchangeInPage(lib, { href: `${location.href}-${runs}` });
  }, []);
  return <p>messages</p>;
}
