/* The list of public suffixes, which libcurl asks about cookies; the program turns none on. */
#include <stddef.h>

const void* psl_builtin(void) { return NULL; }
void* psl_latest(const char* file) { return (void)file, NULL; }
void psl_free(void* list) { (void)list; }
const char* psl_get_version(void) { return "0"; }
