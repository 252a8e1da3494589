// Numbered messages: what was published, what was acknowledged, what arrived and how often.

/** Payload and number of a message; the stream's name keeps the streams of one run apart. */
export function numbered(name) {
  const counts = new Map();
  return {
    payload: (i) => `${name} ${i}`,
    /** Takes the text of a message that has arrived. */
    take(text) {
      const [stream, number] = text.split(" ");
      if (stream === name) counts.set(Number(number), (counts.get(Number(number)) ?? 0) + 1);
    },
    has: (i) => counts.has(i),
    arrived: () => counts.size,
    twice: () => [...counts.values()].filter((count) => count > 1).length,
    missing: (numbers) => numbers.filter((i) => !counts.has(i)),
  };
}

/** `1, 2, 3 and 17 more` */
export const some = (list) =>
  list.length > 5 ? `${list.slice(0, 5).join(", ")} and ${list.length - 5} more` : list.join(", ");
