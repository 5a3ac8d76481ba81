/* Kerberos that has no credentials and cannot get any. libpq asks at every connect whether there are
 * some (gssencmode=prefer, its default) and goes on without; a server that insists on Kerberos gets an
 * error with the text below. Signatures: https://www.rfc-editor.org/rfc/rfc2744 */
#include <stddef.h>
#include <string.h>

typedef struct {
  size_t length;
  void* value;
} buffer;

enum { kComplete = 0, kUnavailable = 16 << 16 };

/* Its value is compared and handed back to functions of this file, nothing else. */
static const buffer service_name;
const void* GSS_C_NT_HOSTBASED_SERVICE = &service_name;

#define REFUSES(name)                   \
  unsigned name(unsigned* minor) {      \
    *minor = 0;                         \
    return kUnavailable;                \
  }
#define HAS_NOTHING_TO_RELEASE(name)    \
  unsigned name(unsigned* minor) {      \
    *minor = 0;                         \
    return kComplete;                   \
  }

REFUSES(gss_acquire_cred)
REFUSES(gss_display_name)
REFUSES(gss_import_name)
REFUSES(gss_indicate_mechs)
REFUSES(gss_init_sec_context)
REFUSES(gss_inquire_context)
REFUSES(gss_unwrap)
REFUSES(gss_wrap)
REFUSES(gss_wrap_size_limit)
HAS_NOTHING_TO_RELEASE(gss_delete_sec_context)
HAS_NOTHING_TO_RELEASE(gss_release_buffer)
HAS_NOTHING_TO_RELEASE(gss_release_cred)
HAS_NOTHING_TO_RELEASE(gss_release_name)
HAS_NOTHING_TO_RELEASE(gss_release_oid_set)

unsigned gss_display_status(unsigned* minor, unsigned status, int type, void* mechanism, unsigned* more,
                            buffer* text) {
  static char why[] = "Kerberos is not part of this package of schema-drift";
  (void)status, (void)type, (void)mechanism;
  *minor = *more = 0;
  text->value = why;
  text->length = strlen(why);
  return kComplete;
}
