// Makes the link that a configured bus needs. Used by the agent and by `congto read`.
#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "drivers/core/clock.hpp"
#include "drivers/meter/site.hpp"
#include "drivers/modbus/link.hpp"

namespace congto::app {

// Opens nothing yet. `clock` outlives the link.
std::unique_ptr<modbus::Link> make_link(boost::asio::any_io_executor executor, const meter::Bus& bus,
                                        const Clock& clock);

}  // namespace congto::app
