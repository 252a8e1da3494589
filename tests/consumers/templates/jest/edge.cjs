const lib = require("mqtt-lib");
const { exchange } = require("./exchange.cjs");

test("messages are exchanged in the edge runtime", async () => {
  expect(typeof EdgeRuntime).toBe("string");
  expect(await exchange(lib, process.env.BROKER, process.env.NAME)).toBe(10);
  console.log("exchanged 10");
});
