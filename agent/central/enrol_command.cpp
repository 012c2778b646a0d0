// `congto-central enrol` and `remove`: who may send. The certificate is deploy/central/enrol's business.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <set>

#include "agent/central/command_settings.hpp"
#include "agent/central/commands.hpp"
#include "agent/central/database.hpp"
#include "agent/contract/field_reader.hpp"
#include "agent/contract/topic.hpp"
#include "agent/mqtt/client.hpp"

namespace congto::central {

namespace {

int database_failed(const DatabaseError& error) {
  std::cerr << error.what() << "\n";
  return failed;
}

// Why a site can't be called that, as the end of a sentence.
std::string wrong_site(const std::string& site) {
  if (site.find_first_not_of(' ') == std::string::npos) return "is empty";
  if (std::any_of(site.begin(), site.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; })) {
    return "contains a control character";
  }
  return contract::wrong_name(site);
}

// Deletes the agent's retained topics: an empty retained message does. Empty when all went well.
std::string delete_retained(const Settings& settings, const std::string& agent) {
  boost::asio::io_context context;
  std::string trouble = "the broker does not answer";
  std::set<std::uint64_t> waiting;
  std::unique_ptr<mqtt::Client> client;
  const auto end = [&](const std::string& text) {
    trouble = text;
    client->stop(std::chrono::milliseconds(200), [&] { context.stop(); });
  };
  mqtt::Handlers handlers;
  handlers.connected = [&](mqtt::Allowed) {
    std::uint64_t token = 0;
    for (const auto what : {contract::Topic::online, contract::Topic::status, contract::Topic::meta}) {
      waiting.insert(++token);
      client->publish(token, contract::topic(agent, what), "", true);
    }
  };
  handlers.disconnected = [&](const mqtt::Disconnected& why) { end(why.text); };
  handlers.published = [&](mqtt::Published outcome) {
    if (outcome.reason >= 0x80) return end("the broker refuses: " + mqtt::reason_text(outcome.reason));
    waiting.erase(outcome.token);
    if (waiting.empty()) end("");
  };
  client = mqtt::Client::create(context.get_executor(), passing_connection(settings.broker), handlers);
  client->start();
  context.run_for(std::chrono::seconds(30));
  return trouble;
}

}  // namespace

int enrol(const std::string& config, const std::string& agent, const std::string& site) {
  if (!contract::valid_agent_name(agent)) {
    std::cerr << "\"" << agent << "\" is no name of an agent: 3 to 64 of a-z, 0-9 and -\n";
    return wrong_use;
  }
  if (const auto wrong = wrong_site(site); !wrong.empty()) {
    std::cerr << "the site's name " << wrong << "\n";
    return wrong_use;
  }
  const auto settings = load_settings(config);
  if (!settings) return wrong_use;
  try {
    Database database(settings->database.url, settings->database.password);
    database.connect();
    // While nothing was taken from it, another site is a correction.
    const auto made = database.run(
        "insert into agent as a (name, site) values ($1, $2) on conflict (name) do update set site = "
        "excluded.site "
        "where a.removed_at is null and a.site <> excluded.site "
        "and not exists (select from epoch e where e.agent_id = a.agent_id) returning 1",
        {agent, site});
    if (made.size() == 0) {
      std::cerr << "agent \"" << agent
                << "\" is enrolled already, or was and is removed; a name is never enrolled twice\n";
      return failed;
    }
  } catch (const DatabaseError& error) {
    return database_failed(error);
  }
  std::cout << "agent \"" << agent << "\" is enrolled for site \"" << site << "\"\n";
  return good;
}

int remove(const std::string& config, const std::string& agent, const std::string& reason) {
  if (reason.empty()) {
    std::cerr << "a reason is needed: it stands where the agent's records end\n";
    return wrong_use;
  }
  const auto settings = load_settings(config);
  if (!settings) return wrong_use;
  try {
    Database database(settings->database.url, settings->database.password);
    database.connect();
    Transaction transaction(database);
    // Given again, it does again what is needed: the broker may have been away the first time.
    const auto removed = database.run(
        "update agent set removed_at = coalesce(removed_at, now()), removed_why = coalesce(removed_why, $2) "
        "where name = $1 returning agent_id",
        {agent, reason});
    if (removed.size() == 0) {
      std::cerr << "no agent \"" << agent << "\" is or was enrolled\n";
      return failed;
    }
    database.run(
        "update epoch set closed_at = now(), closed_why = $2 where agent_id = $1 and closed_at is null",
        {std::string(removed.text(0, 0)), reason});
    transaction.commit();
  } catch (const DatabaseError& error) {
    return database_failed(error);
  }
  std::cout << "agent \"" << agent << "\" is removed; what it sends is parked from now on\n";
  if (const auto trouble = delete_retained(*settings, agent); !trouble.empty()) {
    std::cerr << "its retained topics could not be deleted: " << trouble << "\n";
    return failed;
  }
  return good;
}

}  // namespace congto::central
