// Which addresses anybody on the internet could reach.
#pragma once

struct sockaddr;

namespace drift {

// False for private networks, this machine, its link, shared address space, documentation,
// multicast and what is reserved; an IPv6 address that stands for an IPv4 address (mapped, NAT64,
// 6to4) is what that one is. Nothing but IPv4 and IPv6 is public.
// https://www.iana.org/assignments/iana-ipv4-special-registry,
// https://www.iana.org/assignments/iana-ipv6-special-registry
bool is_public_address(const sockaddr* address);

}  // namespace drift
