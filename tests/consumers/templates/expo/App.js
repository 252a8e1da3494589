import * as lib from "mqtt-lib";
import { useEffect } from "react";
import { Text, View } from "react-native";
import { exchangeInPage } from "./exchange.mjs";

export default function App() {
  useEffect(() => {
    exchangeInPage(lib);
  }, []);
  return (
    <View>
      <Text>Messages</Text>
    </View>
  );
}
