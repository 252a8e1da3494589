import { component$, useVisibleTask$ } from "@builder.io/qwik";
import * as lib from "mqtt-lib";
import { exchangeInPage } from "../../exchange.mjs";

export default component$(() => {
  useVisibleTask$(() => {
    exchangeInPage(lib);
  });
  return <p>messages</p>;
});
