// What every consumer does with the package it has installed: messages out, and their echoes in. Copied into each
// project as talk.mjs and talk.cjs; the test echoes.

const MESSAGES = 10;

/** @returns how many messages went out and came back */
export async function talk({ MqttCustom }, url, name) {
  const client = new MqttCustom({ credentials: { mqttserver: url } });
  const echoes = client.messages(`consumers/${name}/in`);
  await client.subscribe(`consumers/${name}/in`, { qos: 1 });
  for (let i = 0; i < MESSAGES; i++) await client.publish(`consumers/${name}/out`, `${i}`, { qos: 1 });
  let count = 0;
  for await (const echo of echoes) {
    if (echo.text() !== `${count}`) throw new Error(`echo ${count} says ${echo.text()}`);
    count += 1;
    if (count === MESSAGES) break;
  }
  await client.stop();
  return count;
}

/** In a page: the address says with whom to talk, and the title says how it went. */
export async function talkInPage(lib, { href } = location) {
  const { searchParams } = new URL(href);
  document.title = await talk(lib, searchParams.get("broker"), searchParams.get("name")).then(
    (count) => `exchanged ${count}`,
    (error) => `failed: ${error.code} ${error.message}`,
  );
}
