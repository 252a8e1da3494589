// Drawing at the pace of the screen: however often something changes, it is drawn in the next animation frame,
// at most once an interval, and not at all while nobody sees it.

/**
 * @param {() => void} draw
 * @param {{ interval?: number, visible?: () => boolean }} options milliseconds between two drawings
 */
export function painter(draw, { interval = 0, visible = () => true } = {}) {
  let scheduled = false;
  let last = -Infinity;

  function frame() {
    scheduled = false;
    if (!visible()) return;
    last = performance.now();
    draw();
  }

  return {
    /** Something has changed. */
    mark() {
      if (scheduled || !visible()) return;
      scheduled = true;
      const wait = last + interval - performance.now();
      if (wait > 0) setTimeout(() => requestAnimationFrame(frame), wait);
      else requestAnimationFrame(frame);
    },
    /** The user has done something, and sees it at once. */
    now() {
      if (visible()) draw();
    },
  };
}
