/* As libbrotlidec.c, of `Transfer-Encoding: zstd`. */
#include <stddef.h>

static int decoder;

void* ZSTD_createDStream(void) { return &decoder; }
size_t ZSTD_freeDStream(void* which) { return (void)which, 0; }
size_t ZSTD_decompressStream(void* which) { return (void)which, (size_t)-20; } /* corruption_detected */
unsigned ZSTD_isError(size_t code) { return code != 0; }
unsigned ZSTD_versionNumber(void) { return 0; }
