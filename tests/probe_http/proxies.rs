//! Probes by way of a proxy, and by lists of hosts.

use std::fs;
use std::net::TcpListener;

use crate::common::World;
use crate::common::ca::{Authority, NOW};
use crate::common::http::Server;
use crate::common::nginx::Nginx;
use crate::common::proxy::Proxy;

const SERVERS: &str = r#"
server {
    listen 127.0.0.1:PORT ssl http2;
    ssl_certificate ROOT/server.pem;
    ssl_certificate_key ROOT/server.key;
    location = / { return 200 "$server_protocol $host $http_proxy_authorization"; }
    location = /down { return 302 http://127.0.0.2:PORT/; }
    location = /name { return 302 https://localhost:PORT/; }
}
server {
    listen 127.0.0.2:PORT;
    location = / { return 200 "lower"; }
}
"#;

fn nginx() -> Nginx {
    let fill = |dir: &std::path::Path| {
        let ours = Authority::new("Ours");
        ours.file(dir);
        ours.issue(&["localhost", "127.0.0.1"], NOW).files(dir, "server");
        fs::write(dir.join("x"), "x").unwrap();
    };
    Nginx::start(fill, SERVERS)
}

#[test]
fn a_proxy_makes_a_tunnel_to_what_is_secure_and_asks_for_the_rest() {
    let (nginx, open) = (nginx(), Proxy::start(None));
    let closed = Proxy::start(Some("Basic bWU6cHJveHktcHc=")); // me:proxy-pw
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (port, root) = (nginx.port, nginx.root().display());
    let client = |proxy: &str| format!("client: {{ca: {root}/Ours.pem, proxy: \"{proxy}\"}}");
    let (opened, shut) = (format!("http://{}", open.address()), closed.address());
    let world = World::with_probes(&format!(
        "tunnel: {{http: \"https://localhost:{port}/\", {}, conditions: [\"[BODY] == HTTP/2.0 localhost\"]}}\n\
         plain: {{http: \"http://shop.test/a?b=c\", {}, conditions: [\"[BODY] == proxied GET http://shop.test/a?b=c HTTP/1.1\"]}}\n\
         member: {{http: \"https://localhost:{port}/\", {}, conditions: [\"[BODY] == HTTP/2.0 localhost\"]}}\n\
         plain-member: {{http: \"http://shop.test/\", {}}}\n\
         stranger: {{http: \"https://localhost:{port}/\", {}}}\n\
         refused: {{http: \"https://127.0.0.1:{}/\", {}}}\n\
         gone: {{http: \"https://localhost:{port}/\", {}}}\n",
        client(&opened),
        client(&opened),
        client(&format!("http://me:${{PROXY_PW}}@{shut}")),
        client(&format!("http://me:${{PROXY_PW}}@{shut}")),
        client(&format!("http://{shut}")),
        nobody.port(),
        client(&opened),
        client(&format!("http://{nobody}")),
    ));
    let seen = world.look_with(&[], &[("PROXY_PW", "proxy-pw"), ("https_proxy", "http://127.0.0.1:1")]);
    for id in ["tunnel", "plain", "member", "plain-member"] {
        assert_eq!(seen.state(id), "up", "{}", seen.of(id));
    }
    assert_eq!(seen.of("tunnel")["address"], open.address().to_string());
    seen.is_down("stranger", &format!("the proxy {shut} made no way to localhost:{port}: it answered 407"));
    let way = format!("the proxy {} made no way to {nobody}: it answered 502", open.address());
    seen.is_down("refused", &way);
    seen.is_down("gone", &format!("{nobody} refused the connection"));
    let mut asked = open.asked();
    asked.sort();
    let (tunnel, other) = (format!("CONNECT localhost:{port} HTTP/1.1"), format!("CONNECT {nobody} HTTP/1.1"));
    let mut expected = [other.as_str(), &tunnel, "GET http://shop.test/a?b=c HTTP/1.1"];
    expected.sort_unstable();
    assert_eq!(asked, expected);
    assert!(!seen.outcome.stdout.contains("proxy-pw"), "{}", seen.outcome);
}

#[test]
fn nobody_is_connected_to_who_is_not_on_the_list() {
    let (nginx, server, proxy) = (nginx(), Server::start(|_| 200), Proxy::start(None));
    let (port, root, url) = (nginx.port, nginx.root().display(), server.url());
    let world = World::with_probes(&format!(
        "listed: {{http: \"https://127.0.0.1:{port}/\", client: {{ca: {root}/Ours.pem, allow_hosts: [127.0.0.1/32]}}}}\n\
         name: {{http: \"https://localhost:{port}/\", client: {{ca: {root}/Ours.pem, allow_hosts: [localhost]}}}}\n\
         unlisted: {{http: \"{url}\", client: {{allow_hosts: [example.com, \"*.example.com\", 10.0.0.0/8]}}}}\n\
         moved: {{http: \"https://127.0.0.1:{port}/down\", client: {{ca: {root}/Ours.pem, allow_hosts: [127.0.0.1]}}}}\n\
         private: {{http: \"{url}\", client: {{deny_private: true}}}}\n\
         private-name: {{http: \"http://localhost:{port}/\", client: {{deny_private: true}}}}\n\
         tcp: {{tcp: \"127.0.0.1:{port}\", client: {{deny_private: true}}}}\n\
         by-proxy: {{http: \"http://shop.test/\", client: {{proxy: \"http://{}\", allow_hosts: [shop.test]}}}}\n\
         not-by-proxy: {{http: \"http://evil.test/\", client: {{proxy: \"http://{}\", allow_hosts: [shop.test]}}}}\n\
         metadata: {{http: \"http://169.254.169.254/\", client: {{proxy: \"http://{}\", deny_private: true}}}}\n\
         moved-inside: {{http: \"http://1.1.1.1/moved\", client: {{proxy: \"http://{}\", deny_private: true}}}}\n\
         who-knows: {{http: \"http://shop.test/\", client: {{proxy: \"http://{}\", deny_private: true}}}}\n",
        proxy.address(),
        proxy.address(),
        proxy.address(),
        proxy.address(),
        proxy.address(),
    ));
    let seen = world.look(&[]);
    for id in ["listed", "name", "by-proxy"] {
        assert_eq!(seen.state(id), "up", "{}", seen.of(id));
    }
    seen.is_down("unlisted", "not connected: 127.0.0.1 is not in the probe's allow_hosts");
    seen.is_down("moved", "not connected: 127.0.0.2 is not in the probe's allow_hosts");
    assert_eq!(seen.of("moved")["hops"][0]["status"], 302);
    for (id, host) in [
        ("private", "127.0.0.1"),
        ("tcp", "127.0.0.1"),
        ("metadata", "169.254.169.254"),
        ("moved-inside", "169.254.169.254"),
    ] {
        let why = format!("not connected: {host} has the address {host}, which is not public (deny_private)");
        seen.is_down(id, &why);
    }
    seen.is_down("private-name", "not connected: localhost has the address");
    seen.is_down("not-by-proxy", "not connected: evil.test is not in the probe's allow_hosts");
    seen.is_down("who-knows", "the proxy resolves shop.test, so its address may not be public");
    assert_eq!(seen.of("moved-inside")["hops"][0]["status"], 302);
    let mut asked = proxy.asked();
    asked.sort();
    assert_eq!(asked, ["GET http://1.1.1.1/moved HTTP/1.1", "GET http://shop.test/ HTTP/1.1"]);
    assert_eq!(server.seen(), 0);
}
