// The same as exchange.mjs with the interface of MQTT.js.

const MESSAGES = 10;

/** @returns how many messages were sent and received back */
export async function exchange(lib, url, name) {
  const { connectAsync } = lib.connectAsync ? lib : (lib.default ?? {});
  if (!connectAsync) throw new Error("the imported module has no connectAsync");
  const client = await connectAsync(url);
  let count = 0;
  const echoes = new Promise((resolve) => {
    client.on("message", () => {
      count += 1;
      if (count === MESSAGES) resolve();
    });
  });
  await client.subscribeAsync(`consumers/${name}/in`, { qos: 1 });
  for (let i = 0; i < MESSAGES; i++) await client.publishAsync(`consumers/${name}/out`, `${i}`, { qos: 1 });
  await echoes;
  await client.endAsync();
  return count;
}

/** In a page: broker and name are in the query of the address, the result is in the title. */
export async function exchangeInPage(lib, { href } = window.location) {
  const { searchParams } = new URL(href);
  document.title = await exchange(lib, searchParams.get("broker"), searchParams.get("name")).then(
    (count) => `exchanged ${count}`,
    (error) => `failed: ${error.code} ${error.message}`,
  );
}
