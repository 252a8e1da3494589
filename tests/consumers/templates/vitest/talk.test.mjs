import * as lib from "mqtt-lib";
import { expect, test } from "vitest";
import { talk } from "./talk.mjs";

test("messages are exchanged under jsdom", async () => {
  expect(typeof window).toBe("object");
  expect(await talk(lib, process.env.BROKER, process.env.NAME)).toBe(10);
  console.log("exchanged 10");
});
