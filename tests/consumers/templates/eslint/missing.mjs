import nothing from "mqtt-lib/nothing";

export default nothing;
