import plugin from "eslint-plugin-import";
import x from "eslint-plugin-import-x";
import n from "eslint-plugin-n";

export default [
  plugin.flatConfigs.errors,
  x.flatConfigs.errors,
  {
    plugins: { n },
    languageOptions: { ecmaVersion: "latest", sourceType: "module" },
    rules: {
      "n/no-missing-import": "error",
      "import/named": "error",
      "import/no-unresolved": ["error", { commonjs: true }],
    },
  },
];
