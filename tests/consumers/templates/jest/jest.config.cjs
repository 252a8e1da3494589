module.exports = {
  testEnvironment: "jsdom",
  testMatch: ["**/*.test.cjs"],
  moduleFileExtensions: ["cjs", "js"],
};
