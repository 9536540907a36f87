// Owns Reply, an HTTP answer before it is text. The gateway's thread; allocates.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/json_writer.hpp"
#include "ringside/net/http.hpp"

namespace ringside::gateway {

struct Reply {
  unsigned status = 200;
  std::string_view content_type = "application/json";
  std::string body = {};
  std::vector<net::HttpHeader> headers = {};  // values are constants or live as long as the reply

  /// {"error":{"code","message"}}
  void fail(unsigned status_in, std::string_view code, std::string_view message) {
    status = status_in;
    content_type = "application/json";
    JsonWriter json;
    json.begin_object().key("error").begin_object();
    json.member("code", code).member("message", message).end_object().end_object();
    body = json.take();
  }
};

/// Appends the whole answer with the headers that every answer carries.
inline void write_reply(std::string& out, const Reply& reply, bool keep_alive, bool is_head) {
  std::vector<net::HttpHeader> headers = {{"X-Content-Type-Options", "nosniff"},
                                          {"Referrer-Policy", "no-referrer"}};
  bool has_cache_control = false;
  for (const net::HttpHeader& header : reply.headers) {
    headers.push_back(header);
    has_cache_control = has_cache_control || header.name == "Cache-Control";
  }
  if (!has_cache_control) headers.push_back({"Cache-Control", "no-store"});
  net::write_response(out, {.status = reply.status,
                            .content_type = reply.content_type,
                            .headers = headers,
                            .body = reply.body,
                            .keep_alive = keep_alive,
                            .is_head = is_head});
}

}  // namespace ringside::gateway
