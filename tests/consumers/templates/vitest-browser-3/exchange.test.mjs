import * as lib from "mqtt-lib";
import { expect, test } from "vitest";
import { exchange } from "./exchange.mjs";

test("messages are exchanged in a browser", async () => {
  expect(await exchange(lib, import.meta.env.VITE_BROKER, import.meta.env.VITE_NAME)).toBe(10);
  console.log("exchanged 10");
}, 30_000);
