module.exports = {
  testEnvironment: "@edge-runtime/jest-environment",
  testTimeout: 30_000,
  testMatch: ["**/edge.cjs"],
  moduleFileExtensions: ["cjs", "js"],
};
