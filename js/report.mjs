// How an entry of the package tells a client of a failure that no promise carries: as of one of a listener, which reaches
// `on_error`. Uses nothing of the client but what is public.

/** @param {any} client @param {string} name what failed @param {unknown} thrown */
export function report(client, name, thrown) {
  const listener = () => {
    throw thrown;
  };
  client.addEventListener(name, listener, { once: true });
  client.dispatchEvent(new Event(name));
}
