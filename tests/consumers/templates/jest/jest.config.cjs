module.exports = {
  testEnvironment: "jsdom",
  testTimeout: 30_000,
  testMatch: ["**/*.test.cjs"],
  moduleFileExtensions: ["cjs", "js"],
};
