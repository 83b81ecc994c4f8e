#include "runtime/control.h"

#include <caf/io/basp_broker.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <chrono>
#include <random>
#include <set>

namespace gli::control {

using namespace std::chrono_literals;

namespace {

/// CAF knows a node by its process id and its network cards, which two containers may have in common (the first process of each is 1), and it takes a second
/// node of the same name for itself. So each has a random name: given after the middleman named it, before anybody heard of it.
class random_name : public caf::actor_system::module {
 public:
  explicit random_name(caf::actor_system& s) : system_{s} {}
  void start() override {}
  void stop() override {}
  void init(caf::actor_system_config&) override {
    caf::node_id::default_data::host_id_type host;
    std::random_device random;
    for (auto& byte : host) byte = uint8_t(random());
    const_cast<caf::node_id&>(system_.node()) = caf::make_node_id(random(), host);
  }
  id_t id() const override { return opencl_manager; }  // behind the middleman, and nobody else's here
  void* subtype_ptr() override { return this; }

 private:
  caf::actor_system& system_;
};

}  // namespace

settings::settings() {
  load<caf::io::middleman>();
  module_factories.push_back([](caf::actor_system& s) -> caf::actor_system::module* { return new random_name{s}; });
  add_message_types<caf::id_block::gli>();
  set("middleman.heartbeat-interval", caf::timespan{500ms});
  set("middleman.connection-timeout", caf::timespan{3s});
  set("middleman.enable-automatic-connections", false);
  set("scheduler.max-threads", size_t{2});
  set("scheduler.policy", caf::atom("sharing"));  // stealing polls every 50 µs for a while after each message: 4,500 wake-ups a second beside a job
}

namespace {

caf::io::scribe_ptr scribe_of(caf::actor_system& system, int descriptor) {
  auto& multiplexer = dynamic_cast<caf::io::network::default_multiplexer&>(system.middleman().backend());
  caf::io::network::nonblocking(descriptor, true);
  return multiplexer.new_scribe(descriptor);
}

caf::actor broker_of(caf::actor_system& system) { return system.middleman().named_broker<caf::io::basp_broker>(caf::atom("BASP")); }

constexpr uint16_t nominal_port = 1;  // BASP wants a number; nothing listens there

}  // namespace

void offer(caf::actor_system& system, int descriptor, const caf::actor& actor) {
  caf::anon_send(broker_of(system), caf::publish_atom_v, scribe_of(system, descriptor), nominal_port,
                 caf::actor_cast<caf::strong_actor_ptr>(actor), std::set<std::string>{});
}

// CAF 0.17 forgets to note when it got a connection: a heartbeat before the peer's first bytes then finds it silent since the epoch and closes it. So
// the broker's entry is made first, on the thread that the broker runs on.
void take(caf::event_based_actor* self, int descriptor, std::function<void(caf::actor, std::string)> then) {
  auto& system = self->system();
  auto scribe = scribe_of(system, descriptor);
  auto request = [self, scribe, then, &system] {
    self->request(broker_of(system), 5s, caf::connect_atom_v, scribe, nominal_port)
        .then([then](caf::node_id&, caf::strong_actor_ptr& peer, std::set<std::string>&) { then(caf::actor_cast<caf::actor>(peer), ""); },
              [then, &system](caf::error& e) { then({}, system.render(e)); });
  };
  system.middleman().backend().post([broker = broker_of(system), to = caf::actor_cast<caf::actor>(self), connection = scribe->hdl(), request] {
    auto& basp = dynamic_cast<caf::io::basp_broker&>(*caf::actor_cast<caf::abstract_actor*>(broker));
    auto& entry = basp.ctx[connection];
    entry.hdl = connection;
    entry.last_seen = basp.clock().now();
    caf::anon_send(to, later{request});
  });
}

}  // namespace gli::control
