// Limits drawing: however often something changes, it is drawn in the next animation frame, at most once in an interval, and
// not while it is invisible.

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
    /** Draws at once, after an action of the user. */
    now() {
      if (visible()) draw();
    },
  };
}
