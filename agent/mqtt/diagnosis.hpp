// Diagnosis: why a connection to the broker failed, in words for the person who can mend it. Paho says only
// "TCP/TLS connect failure", and its TLS error handler (C++ 1.2) points into options that are gone by then;
// so the steps of a connection are tried again, one by one. Blocks for some seconds: on the worker only.
#pragma once

#include <string>

#include "agent/mqtt/address.hpp"
#include "agent/mqtt/tls_check.hpp"

namespace congto::mqtt {

// For an attempt that failed before the broker's CONNACK. Never empty.
std::string diagnose(const Address& address, const TlsFiles& files);

// For a CONNACK or DISCONNECT with this reason code (>= 0x80).
std::string refusal_text(const Address& address, int reason, bool with_username, bool with_certificate);

}  // namespace congto::mqtt
