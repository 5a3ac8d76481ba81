/* The program asks for no compressed answers. A server that sends `Transfer-Encoding: br` all the same
 * makes libcurl ask for a decoder: this one takes every content for broken.
 * https://github.com/google/brotli/blob/master/c/include/brotli/decode.h */
static int decoder;

void* BrotliDecoderCreateInstance(void* allocate, void* release, void* with) {
  return (void)allocate, (void)release, (void)with, &decoder;
}
void BrotliDecoderDestroyInstance(void* which) { (void)which; }
int BrotliDecoderDecompressStream(void* which) { return (void)which, 0; } /* RESULT_ERROR */
int BrotliDecoderGetErrorCode(void* which) { return (void)which, -1; }    /* ERROR_FORMAT_... */
unsigned BrotliDecoderVersion(void) { return 0; }
