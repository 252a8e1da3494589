/* paho C, asynchronous: its threads send and receive, and the callbacks count. */
#include "protocol.h"
#include <MQTTAsync.h>

static MQTTAsync client;
static atomic_long confirmed, received, subscribed, connected;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t room = PTHREAD_COND_INITIALIZER;

static void on_sent(void *of, MQTTAsync_successData *data) {
  atomic_fetch_add(&confirmed, 1);
  pthread_cond_signal(&room);
}
static void on_connected(void *of, MQTTAsync_successData *data) { atomic_store(&connected, 1); }
static void on_subscribed(void *of, MQTTAsync_successData *data) { atomic_fetch_add(&subscribed, 1); }
static void on_failure(void *of, MQTTAsync_failureData *data) { fail("refused"); }

static int on_message(void *of, char *topic, int length, MQTTAsync_message *message) {
  atomic_fetch_add(&received, 1);
  MQTTAsync_freeMessage(&message);
  MQTTAsync_free(topic);
  return 1;
}

static void begin(void) {
  char url[128];
  snprintf(url, sizeof url, "tcp://%s:%d", host, port);
  MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
  create.maxBufferedMessages = window;
  MQTTAsync_createWithOptions(&client, url, "bench", MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
  MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL);
  MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer;
  options.cleansession = 1;
  options.maxInflight = window;
  options.onSuccess = on_connected;
  options.onFailure = on_failure;
  if (MQTTAsync_connect(client, &options) != MQTTASYNC_SUCCESS) fail("no connection");
  while (!atomic_load(&connected)) usleep(1000);
}

static void subscribe_to(const char *topic) {
  long before = atomic_load(&subscribed);
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  response.onSuccess = on_subscribed;
  response.onFailure = on_failure;
  MQTTAsync_subscribe(client, topic, 0, &response);
  while (atomic_load(&subscribed) == before) usleep(200);
}

static void wait_for_room(long most, long sent) {
  pthread_mutex_lock(&lock);
  while (sent - atomic_load(&confirmed) > most) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 1000000;
    if (until.tv_nsec >= 1000000000) {
      until.tv_nsec -= 1000000000;
      until.tv_sec++;
    }
    pthread_cond_timedwait(&room, &lock, &until);
  }
  pthread_mutex_unlock(&lock);
}

static long publish_for(long long us) {
  long long end = clock_us() + us;
  long sent = 0;
  MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
  response.onSuccess = on_sent;
  response.onFailure = on_failure;
  atomic_store(&confirmed, 0);
  while (clock_us() < end) {
    if (sent - atomic_load(&confirmed) >= window) wait_for_room(window / 2, sent);
    if (MQTTAsync_send(client, TOPIC, size, payload, qos, 0, &response) == MQTTASYNC_SUCCESS) sent++;
  }
  wait_for_room(0, sent);
  return sent;
}

static long receive_all(void) {
  atomic_store(&received, 0);
  while (atomic_load(&received) < atomic_load(&target)) usleep(1000);
  return atomic_load(&received);
}
