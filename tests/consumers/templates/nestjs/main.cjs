// NestJS's transport of microservices over MQTT, whose package `mqtt` is the drop-in: requests and events, ten together.

require("reflect-metadata");
const { Controller, Module } = require("@nestjs/common");
const { NestFactory } = require("@nestjs/core");
const { ClientProxyFactory, EventPattern, MessagePattern, Transport } = require("@nestjs/microservices");
const { firstValueFrom, timeout } = require("rxjs");

const [url, topic] = process.argv.slice(2);
let events = 0;

class Sums {
  sum(numbers) {
    return numbers.reduce((a, b) => a + b, 0);
  }

  happened() {
    events += 1;
  }
}
const method = (name) => Object.getOwnPropertyDescriptor(Sums.prototype, name);
MessagePattern(`nest/${topic}/sum`)(Sums.prototype, "sum", method("sum"));
EventPattern(`nest/${topic}/happened`)(Sums.prototype, "happened", method("happened"));
Controller()(Sums);

class App {}
Module({ controllers: [Sums] })(App);

async function main() {
  const options = { transport: Transport.MQTT, options: { url } };
  const service = await NestFactory.createMicroservice(App, { ...options, logger: false });
  await service.listen();
  const client = ClientProxyFactory.create(options);
  await client.connect();
  let answered = 0;
  for (let i = 0; i < 5; i++) {
    const sum = await firstValueFrom(client.send(`nest/${topic}/sum`, [i, 1]).pipe(timeout(10_000)));
    if (sum === i + 1) answered += 1;
    client.emit(`nest/${topic}/happened`, i).subscribe();
  }
  while (events < 5) await new Promise((resolve) => setTimeout(resolve, 10));
  await client.close();
  await service.close();
  if (require("mqtt") !== require("mqtt-lib/mqttjs")) throw new Error("it is another package mqtt");
  console.log(answered + events);
}

main();
