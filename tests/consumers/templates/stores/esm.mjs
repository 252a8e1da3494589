// A client is put into each store of state, and used as it comes out of it.
import { configureStore, createSlice } from "@reduxjs/toolkit";
import { produce } from "immer";
import { atom, createStore as createAtoms } from "jotai/vanilla";
import { observable } from "mobx";
import * as lib from "mqtt-lib";
import { proxy, ref } from "valtio/vanilla";
import { createStore } from "zustand/vanilla";
import { exchange } from "./exchange.mjs";

const [, , broker, name] = process.argv;

function byRedux(client) {
  const { reducer, actions } = createSlice({
    name: "mqtt",
    initialState: { client: null },
    reducers: { keep: (_state, { payload }) => ({ client: payload }) },
  });
  // Its check for what cannot be serialized is switched off, as for every instance of a class.
  const options = { serializableCheck: false, immutableCheck: false };
  const store = configureStore({ reducer, middleware: (defaults) => defaults(options) });
  store.dispatch(actions.keep(client));
  return store.getState().client;
}

function byJotai(client) {
  const atoms = createAtoms();
  const kept = atom(null);
  atoms.set(kept, client);
  return atoms.get(kept);
}

const STORES = {
  mobx: (client) => observable({ client }).client,
  immer: (client) => produce({ all: [] }, ({ all }) => void all.push(client)).all[0],
  zustand: (client) => createStore(() => ({ client })).getState().client,
  redux: byRedux,
  jotai: byJotai,
  valtio: (client) => proxy({ client: ref(client) }).client,
};

let count = 0;
for (const [store, keep] of Object.entries(STORES)) {
  function MqttCustom(options) {
    return keep(new lib.MqttCustom(options));
  }
  const connectAsync = async (url) => keep(await lib.connectAsync(url));
  count += await exchange({ MqttCustom, connectAsync }, broker, `${name}-${store}`).catch((error) => {
    throw new Error(`error: ${store}: ${error.message}`);
  });
}
console.log(count);
