// TLS on its own, without MQTT: do the files fit, and does a handshake with the broker succeed? For the
// diagnosis of failed connections; the connection itself is Paho's. Blocks: on the worker only.
#pragma once

#include <string>

#include "agent/mqtt/address.hpp"
#include "drivers/core/error.hpp"

namespace congto::mqtt {

struct TlsFiles {
  std::string ca, certificate, key;  // empty where not used
};

// The files can be read and are what they should be; the error names the file and the reason.
Result<void> check_files(const TlsFiles& files);

// What is wrong with a client's certificate before any broker says so: it is for another name than `name`, or
// its time is over. Empty when nothing is, or when the file can't be read (check_files tells that).
std::string certificate_mismatch(const std::string& certificate, const std::string& name);

// A handshake over a connected socket with time limits set. Empty when it, and the broker's word on our
// certificate after it, went well; else what is wrong and what to do.
std::string try_tls(const Address& address, const TlsFiles& files, int socket);

}  // namespace congto::mqtt
