/**
 * The beginning of a module that runs as a process of its own, with a URL as its argument `url`: it has `MqttCustom`, and once
 * there is a client `memory`, that of the WebAssembly.
 */
export const WITH_MEMORY = `
  import { createRequire } from "node:module";
  const [, url] = process.argv.slice(1);
  const { Instance } = WebAssembly;
  let memory;
  WebAssembly.Instance = class extends Instance {
    constructor(...all) {
      super(...all);
      memory = Object.values(this.exports).find((value) => value instanceof WebAssembly.Memory);
    }
  };
  const { MqttCustom } = createRequire(process.cwd() + "/")("mqtt-lib");
`;
