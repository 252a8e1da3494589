import * as lib from "mqtt-lib";
import { onMount } from "solid-js";
import { exchangeInPage } from "../../exchange.mjs";

export default function Home() {
  onMount(() => exchangeInPage(lib));
  return <p>messages</p>;
}
