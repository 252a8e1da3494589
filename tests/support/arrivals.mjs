// What became of numbered messages that a publisher has noted: which never came, and which came twice. A payload has each
// number as `<number>`, and may have several.

const AT_MOST_MS = 15_000;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function watchArrivals() {
  const arrived = new Map();
  return {
    /** Of the watcher's subscription. */
    handler(_client, _userdata, message) {
      for (const [token] of message.text().matchAll(/<\d+>/g))
        arrived.set(token, (arrived.get(token) ?? 0) + 1);
    },
    /** Waits for those that are missing, and for duplicates. `published`: pairs of number and QoS. */
    async of(published) {
      const missing = () => published.filter(([number]) => !arrived.has(`<${number}>`));
      const end = Date.now() + AT_MOST_MS;
      while (missing().length > 0 && Date.now() < end) await pause(20);
      await pause(300); // for duplicates
      const twice = published.filter(([number]) => arrived.get(`<${number}>`) > 1);
      return {
        lost: missing().map((line) => line.join(" ")),
        twice: twice.filter(([, qos]) => qos === "2").map((line) => line.join(" ")),
        twiceOfQos1: twice.filter(([, qos]) => qos === "1").length,
      };
    },
  };
}
