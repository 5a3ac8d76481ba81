/* Names of hosts in other letters. The program refuses them itself (drift/base/url.cc), so libcurl has
 * none to ask for; one that came all the same would be a malformed URL. */
#include <stddef.h>

int idn2_lookup_ul(const char* name, char** found, int flags) {
  (void)name, (void)flags;
  *found = NULL;
  return -101; /* IDN2_NO_CODESET */
}
const char* idn2_check_version(const char* least) { return least ? NULL : "0"; }
void idn2_free(void* found) { (void)found; }
