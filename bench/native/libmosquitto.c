/* libmosquitto as its users use it where speed matters: one thread that calls its loop. */
#include "protocol.h"
#include <mosquitto.h>

static struct mosquitto *client;
static long confirmed, received, subscribed, connected;

static void on_connect(struct mosquitto *of, void *data, int code) { connected = code == 0; }
static void on_publish(struct mosquitto *of, void *data, int id) { confirmed++; }
static void on_message(struct mosquitto *of, void *data, const struct mosquitto_message *message) { received++; }
static void on_subscribe(struct mosquitto *of, void *data, int id, int count, const int *granted) { subscribed++; }

static void turn(int ms) {
  if (mosquitto_loop(client, ms, 1) != MOSQ_ERR_SUCCESS) fail("the connection is lost");
}

static void begin(void) {
  mosquitto_lib_init();
  client = mosquitto_new("bench", true, NULL);
  mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_max_inflight_messages_set(client, window);
  mosquitto_connect_callback_set(client, on_connect);
  mosquitto_publish_callback_set(client, on_publish);
  mosquitto_message_callback_set(client, on_message);
  mosquitto_subscribe_callback_set(client, on_subscribe);
  if (mosquitto_connect(client, host, port, 60) != MOSQ_ERR_SUCCESS) fail("no connection");
  while (!connected) turn(100);
}

static void subscribe_to(const char *topic) {
  long before = subscribed;
  mosquitto_subscribe(client, NULL, topic, 0);
  while (subscribed == before) turn(100);
}

static long publish_for(long long us) {
  long long end = clock_us() + us;
  long sent = 0;
  confirmed = 0;
  while (clock_us() < end) {
    for (int i = 0; i < 64 && sent - confirmed < window; i++, sent++)
      mosquitto_publish(client, NULL, TOPIC, size, payload, qos, false);
    turn(sent - confirmed < window ? 0 : 100);
  }
  while (confirmed < sent) turn(100);
  return sent;
}

static long receive_all(void) {
  received = 0;
  while (received < atomic_load(&target)) turn(10);
  return received;
}
