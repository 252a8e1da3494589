const lib = require("mqtt-lib/inline");
const { talk } = require("./talk.cjs");

test("messages are exchanged under jsdom", async () => {
  expect(typeof window).toBe("object");
  expect(await talk(lib, process.env.BROKER, process.env.NAME)).toBe(10);
  console.log("exchanged 10");
});
