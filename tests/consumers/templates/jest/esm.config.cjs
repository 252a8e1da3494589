module.exports = {
  testEnvironment: "jsdom",
  testMatch: ["**/*.test.mjs"],
  moduleFileExtensions: ["mjs", "cjs", "js"],
  transform: {},
};
