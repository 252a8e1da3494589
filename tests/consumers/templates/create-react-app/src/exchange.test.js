import * as lib from "mqtt-lib";
import { exchange } from "../exchange.mjs";

test("messages are exchanged in jsdom", async () => {
  expect(await exchange(lib, process.env.BROKER, process.env.NAME)).toBe(10);
  console.log("exchanged 10");
}, 20_000);
