#include "drift/aws/form.h"

#include "drift/aws/client.h"
#include "drift/aws/sigv4.h"

namespace drift::aws {

void set_form(Call& call, const Form& form) {
  call.method = "POST";
  call.target = "/";
  call.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  for (const auto& [name, value] : form) {
    if (!call.body.empty()) call.body += '&';
    call.body += uri_encoded(name, false) + '=' + uri_encoded(value, false);
  }
}

}  // namespace drift::aws
