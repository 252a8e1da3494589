// Publishes and receives through the component, as a component of its own. Where the broker is, the environment says:
// MQTT_SERVER, a URL. `wit-bindgen c` makes the header, and what is behind it.
#include "program.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef mqtt_lib_client_types_error_t failure_t;

static program_string_t text(const char *characters) {
    program_string_t string;
    program_string_set(&string, characters);
    return string;
}

static int failed(const failure_t *why) {
    fprintf(stderr, "%.*s %.*s\n", (int)why->code.len, (char *)why->code.ptr, (int)why->message.len,
            (char *)why->message.ptr);
    return 1;
}

static int talk(mqtt_lib_client_mqtt_borrow_mqtt_custom_t client) {
    failure_t why;
    program_string_t topic = text("guest/c");
    if (!mqtt_lib_client_mqtt_method_mqtt_custom_start(client, &why)) return failed(&why);

    mqtt_lib_client_types_subscribe_options_t how = {.qos = {.is_some = true, .val = 1}};
    uint8_t granted;
    if (!mqtt_lib_client_mqtt_method_mqtt_custom_subscribe(client, &topic, &how, &granted, &why)) return failed(&why);

    const char *hello = "hello from C";
    program_list_u8_t payload = {(uint8_t *)hello, strlen(hello)};
    mqtt_lib_client_types_publish_options_t options = {.qos = {.is_some = true, .val = 1}};
    mqtt_lib_client_mqtt_option_publish_result_t answer;
    if (!mqtt_lib_client_mqtt_method_mqtt_custom_publish(client, &topic, &payload, &options, &answer, &why))
        return failed(&why);

    double seconds = 10;
    mqtt_lib_client_mqtt_option_message_t message;
    if (!mqtt_lib_client_mqtt_method_mqtt_custom_next_message(client, &seconds, &message, &why)) return failed(&why);
    if (message.is_some) {
        printf("%.*s %.*s\n", (int)message.val.topic.len, (char *)message.val.topic.ptr, (int)message.val.payload.len,
               (char *)message.val.payload.ptr);
    }
    return mqtt_lib_client_mqtt_method_mqtt_custom_stop(client, NULL, &why) ? 0 : failed(&why);
}

int main(void) {
    program_string_t server = text(getenv("MQTT_SERVER"));
    mqtt_lib_client_types_credentials_t credentials = {.mqttserver = {.is_some = true, .val = server}};
    mqtt_lib_client_mqtt_own_mqtt_custom_t client;
    failure_t why;
    if (!mqtt_lib_client_mqtt_constructor_mqtt_custom(&credentials, &client, &why)) return failed(&why);
    int code = talk(mqtt_lib_client_mqtt_borrow_mqtt_custom(client));
    mqtt_lib_client_mqtt_mqtt_custom_drop_own(client);
    return code;
}
