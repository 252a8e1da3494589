module.exports = {
  testEnvironment: "jsdom",
  testTimeout: 30_000,
  testMatch: ["**/*.test.mjs"],
  moduleFileExtensions: ["mjs", "cjs", "js"],
  transform: {},
};
