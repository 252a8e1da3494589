// FinalizationRegistry for engines without it, such as Hermes of React Native: what nobody uses is not freed there. Only the
// entries without a URL of the .wasm contain it.

class Registry {
  register() {}
  unregister() {}
}

/** @type {any} */
const here = globalThis;
const chosen = here.FinalizationRegistry ?? Registry;
export { chosen as FinalizationRegistry };
