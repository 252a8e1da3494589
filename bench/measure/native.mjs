// A client in another language: a process that takes commands line by line, as bench/native/protocol.h says. The same warm-up,
// the same checks and the same figures as those of JavaScript; time and CPU are what that process reports.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { TOPIC } from "./publish.mjs";

/** Starts the program; `say` resolves with the numbers of its answer. */
async function start({ program, url, qos = 0, window, size }) {
  const { hostname, port } = new URL(url);
  const child = spawn(program, [hostname, port, qos, window, size].map(String), {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${program} has ended`);
    return value.split(" ").map(Number);
  };
  const tell = (line) => child.stdin.write(`${line}\n`);
  const say = (line) => {
    tell(line);
    return answer();
  };
  await answer();
  return { tell, answer, say, end: () => child.stdin.end() };
}

function figures([count, cpu, wall, memory], busy) {
  return { count, rate: (count / wall) * 1e6, cpu: cpu / count, busy, memory: memory / 1024 };
}

async function publish(client, task, ask) {
  const [warm] = await client.say(`publish ${task.warm}`);
  await ask({ do: "busy" });
  const answer = await client.say(`publish ${task.ms}`);
  const { busy } = await ask({ do: "busy" });
  const { messages } = await ask({ do: "count" });
  const sent = warm + answer[0];
  const wrong = messages === sent ? {} : { wrong: `${messages} of ${sent} messages arrived` };
  return { ...figures(answer, busy), ...wrong };
}

async function receive(client, task, ask) {
  await client.say("subscribe");
  const run = async (ms) => {
    await client.say("receive");
    await ask({ do: "busy" });
    const { size, packed } = task;
    const { messages } = await ask({ do: "stream", ms, size, packed, topics: [TOPIC] });
    const answer = await client.say(messages);
    const { busy } = await ask({ do: "busy" });
    return {
      ...figures(answer, busy),
      ...(answer[0] === messages ? {} : { wrong: `${answer[0]} of ${messages}` }),
    };
  };
  await run(task.warm);
  return run(task.ms);
}

export async function native({ task, ask }) {
  const client = await start(task);
  const result = await (task.native === "receive" ? receive : publish)(client, task, ask);
  client.end();
  return result;
}
