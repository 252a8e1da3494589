import * as lib from "mqtt-lib";
import { expect, test } from "vitest";
import { exchange } from "./exchange.mjs";

test("messages are exchanged under jsdom", async () => {
  expect(typeof window).toBe("object");
  expect(await exchange(lib, process.env.BROKER, process.env.NAME)).toBe(10);
  console.log("exchanged 10");
}, 30_000);
