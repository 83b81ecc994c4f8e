#pragma once
// Which host this is, and what of it this process has. Thread-safe.

#include <string>

#include "runtime/address.h"

namespace gli {

/// The same for two processes when they reach each other's Unix sockets and loopback: kernel boot, network and mount namespace.
std::string this_host();
std::string host_name();

/// Which directory that is, whatever it is called: the same for two processes when both names lead to the same one of the same running system. Empty where
/// there is none.
std::string directory_identity(const std::string& path);

/// The address of this host that its connections to `there` come from, in numbers. Throws failure{unavailable}.
std::string own_address_towards(const host_port& there);

/// The NUMA node that holds all processors this process may run on; -1: there is more than one.
int own_numa_node();

}  // namespace gli
