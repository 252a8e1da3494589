// The charts of both dashboards: a line for each name, of its last 300 values. Knows nothing of MQTT.

const SHOWN = 300;
const charts = new Map();

/** Draws one more value into the chart of a name, which is made with its first value. */
export function draw(name, value) {
  if (!charts.has(name)) charts.set(name, { values: [], figure: newFigure() });
  const { values, figure } = charts.get(name);
  values.push(value);
  if (values.length > SHOWN) values.shift();
  const low = Math.min(...values) - 1;
  const high = Math.max(...values) + 1;
  figure.querySelector("figcaption").textContent = `${name}: ${value} °C`;
  figure.querySelector("svg").setAttribute("viewBox", `0 ${-high} ${Math.max(values.length - 1, 1)} ${high - low}`);
  figure.querySelector("polyline").setAttribute("points", values.map((y, x) => `${x},${-y}`).join(" "));
}

function newFigure() {
  const figure = document.createElement("figure");
  figure.innerHTML = `<figcaption></figcaption><svg preserveAspectRatio="none"><polyline /></svg>`;
  document.querySelector("main").append(figure);
  return figure;
}
