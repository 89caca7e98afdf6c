// Paho's libraries are not built with ThreadSanitizer, so it does not see the atomic reference counts and the mutexes
// inside them: a token released there looks like a race. None of our code runs on Paho's threads (we set no callbacks).
#ifdef __SANITIZE_THREAD__
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() {
  return "race:libpaho-mqtt\n";
}
#endif
