const lib = require("mqtt-lib");
const { exchange } = require("./exchange.cjs");

test("messages are exchanged while the test's timers are fake", async () => {
  jest.useFakeTimers({ doNotFake: ["nextTick"] });
  expect(typeof window).toBe("object");
  expect(await exchange(lib, process.env.BROKER, process.env.NAME)).toBe(10);
  console.log("exchanged 10");
});
