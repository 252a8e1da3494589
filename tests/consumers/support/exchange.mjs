// What every consumer does with the installed package: it publishes messages and receives their echoes, which the test
// sends. Copied into each project as exchange.mjs and exchange.cjs.

const MESSAGES = 10;

/** @returns how many messages were sent and received back */
export async function exchange({ MqttCustom }, url, name) {
  const client = new MqttCustom({ credentials: { mqttserver: url } });
  const echoes = client.messages(`consumers/${name}/in`);
  await client.subscribe(`consumers/${name}/in`, { qos: 1 });
  for (let i = 0; i < MESSAGES; i++) await client.publish(`consumers/${name}/out`, `${i}`, { qos: 1 });
  let count = 0;
  for await (const echo of echoes) {
    if (echo.text() !== `${count}`) throw new Error(`echo ${count} is ${echo.text()}`);
    count += 1;
    if (count === MESSAGES) break;
  }
  await client.stop();
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
