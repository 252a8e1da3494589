// Test runners: jsdom in each major, and the browser mode of Vitest.

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { bin } from "./support/kinds.mjs";
import { run } from "./support/project.mjs";

/** A test that prints how much it has exchanged. */
const runner = (
  name,
  template,
  command,
  args,
  { versions, options = "", newest, over = "ws", runs, ...rest } = {},
) => ({
  name,
  runs: over,
  ...rest,
  async works({ project, broker, topic, row, tool }) {
    const cwd = await project(template, versions);
    const node = newest ? await tool("node") : process.execPath;
    const env = {
      BROKER: broker,
      NAME: topic,
      VITE_BROKER: broker,
      VITE_NAME: topic,
      NODE_OPTIONS: options,
      PATH: `${dirname(node)}:${process.env.PATH}`,
    };
    assert.match(await run(cwd, bin(command)(cwd), args, { env }), /exchanged 10/);
    const version = (await run(cwd, node, ["--version"])).trim().slice(1);
    Object.assign(row, { runs: runs ?? `Node ${version}`, exchanged: "10" });
  },
});

const jest = (version) => {
  const versions = { jest: version, "jest-environment-jsdom": version };
  const title = `jsdom under Jest ${version.slice(0, 2)}`;
  return [
    runner(`${title}, require`, "jest", "jest", ["exchange"], { versions }),
    runner(`${title}, fake timers`, "jest", "jest", ["fake-timers"], {
      versions,
      write: '`doNotFake: ["nextTick"]`',
    }),
    runner(`${title}, ES modules`, "jest", "jest", ["-c", "esm.config.cjs"], {
      versions,
      options: "--experimental-vm-modules",
      write: "`mqtt-lib/inline`",
    }),
  ];
};

const vitest = (version, settings = {}) => [
  runner(`jsdom under Vitest ${version[0]}`, "vitest", "vitest", ["run"], {
    ...settings,
    versions: { vitest: version },
  }),
  runner(
    `Vitest ${version[0]}, browser mode: Playwright`,
    settings.browser ?? "vitest-browser",
    "vitest",
    ["run"],
    {
      ...settings,
      runs: "Chromium",
      versions: settings.browser
        ? {}
        : { vitest: version, "@vitest/browser": version, "@vitest/browser-playwright": version },
    },
  ),
];

export const TEST_RUNNERS = [
  ...jest("30.5.2"),
  ...jest("29.7.0"),
  ...jest("28.1.3"),
  runner("edge runtime under Jest 30, require", "jest", "jest", ["-c", "edge.config.cjs"], {
    versions: { "@edge-runtime/jest-environment": "4.0.0" },
    runs: "edge runtime",
  }),
  // It knows no "exports", and takes what is for Node.
  runner("jsdom under Jest 27, Create React App 5", "create-react-app", "react-scripts", [
    "test",
    "--watchAll=false",
  ]),
  ...vitest("5.1.2", { newest: true }),
  ...vitest("4.1.12"),
  ...vitest("3.2.7", { browser: "vitest-browser-3" }),
];
