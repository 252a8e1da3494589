// In StrictMode React's development build runs an effect twice: both times messages are exchanged.
import * as lib from "mqtt-lib";
import { useEffect, useState } from "react";
import { exchange } from "./exchange.mjs";

const { searchParams } = new URL(location.href);
let runs = 0;

export function App() {
  const [said, say] = useState("not yet");
  useEffect(() => {
    runs += 1;
    let gone = false;
    exchange(lib, searchParams.get("broker"), `${searchParams.get("name")}-${runs}`).then(
      (count) => gone || say(`exchanged ${count}`),
      (error) => say(`failed: ${error.code} ${error.message}`),
    );
    return () => {
      gone = true;
    };
  }, []);
  return <title>{said}</title>;
}
