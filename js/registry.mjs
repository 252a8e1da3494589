// FinalizationRegistry, WeakRef and Symbol.asyncIterator for engines without them, such as Hermes of React Native: what nobody
// uses is not freed there. Only the entries without a URL of the .wasm contain them.

class Registry {
  register() {}
  unregister() {}
}

class Ref {
  /** @param {object} target */
  constructor(target) {
    this.target = target;
  }
  deref() {
    return this.target;
  }
}

/** @type {any} */
const here = globalThis;
const chosen = here.FinalizationRegistry ?? Registry;
const Reference = here.WeakRef ?? Ref;
/** What compilers of `for await` use instead. */
export const { asyncIterator = "@@asyncIterator" } = Symbol;
export { chosen as FinalizationRegistry, Reference as WeakRef };
