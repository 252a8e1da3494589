/* What the parent says on standard input, and is answered: "subscribe" (ok); "publish MS" (messages, microseconds of CPU and of
   time, KB of memory); "receive" (ok), then how many messages there are, as soon as that is known (the same four).
   Arguments: host, port, QoS, messages in flight, bytes of a payload. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define TOPIC "bench/room/12/sensor"

static const char *host;
static int port, qos, size;
static long window;
static char *payload;
static atomic_long target;

static long long clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static long long cpu_us(long *memory) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  if (memory) *memory = usage.ru_maxrss;
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void say(const char *text) {
  puts(text);
  fflush(stdout);
}

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static void report(long messages, long long cpu, long long start) {
  long memory;
  long long used = cpu_us(&memory) - cpu;
  printf("%ld %lld %lld %ld\n", messages, used, clock_us() - start, memory);
  fflush(stdout);
}

static void *read_target(void *unused) {
  char line[64];
  if (fgets(line, sizeof line, stdin)) atomic_store(&target, atol(line));
  return unused;
}

/* Of a client: */
static void begin(void);
static void subscribe_to(const char *topic);
/* Publishes for so long, and returns how many when all are acknowledged, or given to the kernel at QoS 0. */
static long publish_for(long long us);
/* Waits until so many messages as `target` says have been received since the call. */
static long receive_all(void);

int main(int count, char **arguments) {
  if (count < 6) fail("host port qos window size");
  host = arguments[1];
  port = atoi(arguments[2]);
  qos = atoi(arguments[3]);
  window = atol(arguments[4]);
  size = atoi(arguments[5]);
  payload = malloc(size + 1);
  memset(payload, 'x', size);
  begin();
  say("connected");
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    long long start = clock_us(), cpu = cpu_us(NULL);
    if (!strncmp(line, "subscribe", 9)) {
      subscribe_to(TOPIC);
      say("ok");
    } else if (!strncmp(line, "publish", 7)) {
      long messages = publish_for(atol(line + 8) * 1000LL);
      subscribe_to("bench/arrived");
      report(messages, cpu, start);
    } else {
      pthread_t reader;
      atomic_store(&target, __LONG_MAX__);
      pthread_create(&reader, NULL, read_target, NULL);
      say("ok");
      report(receive_all(), cpu, start);
      pthread_join(reader, NULL);
    }
  }
  return 0;
}
