//! Probes of a real nginx.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::common::World;
use crate::common::ca::{Authority, NOW};
use crate::common::nginx::Nginx;

/// In clear on two hosts, by HTTP/2 in clear, over TLS, and over TLS for members only.
const SERVERS: &str = r#"
server {
    listen 127.0.0.1:PORT;
    root ROOT;
    location = /plain { return 200 "hello\n"; }
    location = /head { return 200 "$request_method"; }
    location = /agent { return 200 "$http_user_agent|$http_accept_encoding|$http_x_one"; }
    location = /status { return 503 "busy"; }
    location = /page.txt { sub_filter world you; sub_filter_types *; }
    location = /packed.txt { gzip_static always; add_header X-Packed yes; }
    location = /trickle.txt { limit_rate 1; limit_rate_after 1k; }
    location = /who { return 200 "$http_authorization|$http_cookie|$http_x_key|$http_x_plain|$host"; }
    location = /form { return 303 /verb; }
    location = /kept { return 307 /verb; }
    location = /verb { return 200 "$request_method $http_content_type $content_length"; }
    location = /here { return 301 /who; }
    location = /there { return 302 http://127.0.0.2:PORT/who; }
    location = /secure { return 308 https://127.0.0.3:PORT/protocol; }
    location = /loop { return 302 /loop?key=secret; }
    location = /nowhere { return 302 ftp://127.0.0.1/; }
    location = /members { auth_basic "members"; auth_basic_user_file ROOT/users; return 204; }
    location /members/ { auth_basic "members"; auth_basic_user_file ROOT/users; }
}
server {
    listen 127.0.0.2:PORT;
    location = /who { return 200 "$http_authorization|$http_cookie|$http_x_key|$http_x_plain|$host"; }
}
server {
    listen 127.0.0.3:PORT ssl http2 default_server;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate ROOT/server.pem;
    ssl_certificate_key ROOT/server.key;
    location = /protocol { return 200 "$server_protocol $ssl_protocol $host $http_x_one"; }
    location = /first { return 302 /protocol; }
}
server {
    listen 127.0.0.3:PORT ssl http2;
    server_name shop.test;
    ssl_certificate ROOT/server.pem;
    ssl_certificate_key ROOT/server.key;
    location = /protocol { return 200 "shop"; }
}
server {
    listen 127.0.0.4:PORT http2;
    location = /protocol { return 200 "$server_protocol $host"; }
}
server {
    listen 127.0.0.5:PORT ssl;
    ssl_certificate ROOT/server.pem;
    ssl_certificate_key ROOT/server.key;
    ssl_client_certificate ROOT/Ours.pem;
    ssl_verify_client on;
    location = /me { return 200 "$ssl_client_verify $ssl_client_s_dn"; }
}
"#;

fn fill(dir: &Path) {
    let ours = Authority::new("Ours");
    ours.file(dir);
    ours.issue(&["web.test", "shop.test", "127.0.0.3", "127.0.0.5"], NOW).files(dir, "server");
    ours.issue(&["member.test"], NOW).files(dir, "member");
    Authority::new("Theirs").issue(&["stranger.test"], NOW).files(dir, "stranger");
    fs::write(dir.join("page.txt"), "hello world\n").unwrap();
    fs::write(dir.join("users"), "me:{PLAIN}pass@word-1\n").unwrap();
    fs::create_dir(dir.join("members")).unwrap();
    fs::write(dir.join("members/page"), "welcome\n").unwrap();
    fs::write(dir.join("trickle.txt"), "x".repeat(10_000)).unwrap();
    let mut packed = GzEncoder::new(fs::File::create(dir.join("packed.txt.gz")).unwrap(), Compression::best());
    packed.write_all(br#"{"packed": "twice as good"}"#).unwrap();
    packed.finish().unwrap();
}

/// A running nginx, and a world whose probes, in which `PORT` and `ROOT` stand for nginx's, look at it.
fn nginx(probes: &str) -> (Nginx, World) {
    let nginx = Nginx::start(fill, SERVERS);
    let root = nginx.root().display().to_string();
    let world = World::with_probes(&probes.replace("PORT", &nginx.port.to_string()).replace("ROOT", &root));
    (nginx, world)
}

#[track_caller]
fn all_up(probes: &str) {
    let (_nginx, world) = nginx(probes);
    let seen = world.look(&[]);
    assert_eq!(seen.not_up(), [""; 0], "{}", seen.outcome.stderr);
    seen.outcome.exits(0);
}

fn micros(one: &Value, phase: &str) -> u64 {
    one["phases_us"][phase].as_u64().unwrap_or_else(|| panic!("no {phase}: {one}"))
}

#[test]
fn answers_are_read_whatever_their_shape() {
    all_up(
        r#"
plain: {http: "http://127.0.0.1:PORT/plain", conditions: ["[STATUS] == 200", "[BODY] == hello", "[IP] == 127.0.0.1"]}
localhost: {http: "http://localhost:PORT/plain", conditions: ["[BODY] == hello", "[DNS] > 0", "[TLS] == 0"]}
head: {http: {url: "http://127.0.0.1:PORT/head", method: HEAD}, conditions: ["[STATUS] == 200", "len([BODY]) == 0"]}
agent:
  http: {url: "http://127.0.0.1:PORT/agent", headers: {X-One: "1"}}
  conditions: ["[BODY] == pat(opsctl/*||1)"]
status: {http: "http://127.0.0.1:PORT/status", conditions: ["[STATUS] == any(502, 503)", "[BODY] == busy"]}
chunked:
  http: "http://127.0.0.1:PORT/page.txt"
  conditions: ["[HEADERS].transfer-encoding == chunked", "[BODY] == hello you"]
packed:
  http: "http://127.0.0.1:PORT/packed.txt"
  conditions: ["[HEADERS].Content-Encoding == gzip", "[BODY].packed == twice as good", "[HEADERS].x-packed == yes"]
packed-head:
  http: {url: "http://127.0.0.1:PORT/packed.txt", method: HEAD}
  conditions: ["[HEADERS].Content-Encoding == gzip", "len([BODY]) == 0"]
posted:
  http: {url: "http://127.0.0.1:PORT/verb", method: post, body: "a=1", headers: {Content-Type: text/x}}
  conditions: ["[BODY] == POST text/x 3"]
"#,
    );
}

#[test]
fn the_version_of_http_is_settled_or_asked_for() {
    all_up(
        r#"
settled:
  http: "https://127.0.0.3:PORT/protocol"
  client: {ca: ROOT/Ours.pem}
  conditions: ["[BODY] == HTTP/2.0 TLSv1.3 127.0.0.3", "[TLS_VERSION] == 1.3", "[TLS] > 0"]
old:
  http: {url: "https://127.0.0.3:PORT/protocol", version: 1.1, headers: {X-One: one}}
  client: {ca: ROOT/Ours.pem}
  conditions: ["[BODY] == HTTP/1.1 TLSv1.3 127.0.0.3 one"]
new:
  http: {url: "https://127.0.0.3:PORT/first", version: 2}
  client: {ca: ROOT/Ours.pem}
  conditions: ["[BODY] == HTTP/2.0 TLSv1.3 127.0.0.3", "[REDIRECTS] == 1"]
by-name:
  http: {url: "https://127.0.0.3:PORT/protocol", headers: {Host: shop.test}}
  client: {ca: ROOT/Ours.pem, server_name: shop.test}
  conditions: ["[BODY] == shop"]
by-name-in-one:
  http: {url: "https://127.0.0.3:PORT/protocol", headers: {Host: shop.test}, version: 1.1}
  client: {ca: ROOT/Ours.pem}
  conditions: ["[BODY] == shop"]
prior-knowledge:
  http: {url: "http://127.0.0.4:PORT/protocol", version: 2}
  conditions: ["[BODY] == HTTP/2.0 127.0.0.4", "[TLS] == 0"]
"#,
    );
    let (nginx, world) = nginx(
        r#"
one-to-two: {http: {url: "http://127.0.0.4:PORT/protocol", version: 1.1}}
two-to-one: {http: {url: "http://127.0.0.1:PORT/plain", version: 2}}
"#,
    );
    let seen = world.look(&[]);
    for (id, host) in [("one-to-two", 4), ("two-to-one", 1)] {
        seen.is_down(id, &format!("127.0.0.{host}:{}", nginx.port));
    }
}

#[test]
fn redirects_are_followed_counted_and_bounded() {
    let (nginx, world) = nginx(
        r#"
followed:
  http: "http://127.0.0.1:PORT/secure"
  client: {ca: ROOT/Ours.pem}
  conditions: ["[STATUS] == 200", "[REDIRECTS] == 1", "[BODY] == pat(HTTP*)", "[IP] == 127.0.0.3"]
itself: {http: {url: "http://127.0.0.1:PORT/secure", redirects: 0}, conditions: ["[STATUS] == 308", "[REDIRECTS] == 0"]}
form:
  http: {url: "http://127.0.0.1:PORT/form", method: POST, body: x, headers: {Content-Type: a/b}}
  conditions: ["[BODY] == GET"]
kept:
  http: {url: "http://127.0.0.1:PORT/kept", method: POST, body: x, headers: {Content-Type: a/b}}
  conditions: ["[BODY] == POST a/b 1"]
loop: {http: {url: "http://127.0.0.1:PORT/loop", redirects: 3}}
usual-loop: {http: "http://127.0.0.1:PORT/loop"}
nowhere: {http: "http://127.0.0.1:PORT/nowhere"}
"#,
    );
    let seen = world.look(&[]);
    let states: Vec<&str> = seen.all.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["up", "up", "up", "up", "down", "down", "down"], "{}", seen.outcome);
    let (followed, place) = (seen.of("followed"), format!("127.0.0.1:{}", nginx.port));
    let hops: Vec<(&Value, &Value)> =
        followed["hops"].as_array().unwrap().iter().map(|hop| (&hop["origin"], &hop["status"])).collect();
    let [first, second] = [format!("http://{place}"), format!("https://127.0.0.3:{}", nginx.port)];
    assert_eq!(hops, [(&first.into(), &308.into()), (&second.into(), &200.into())]);
    let parts = ["dns", "connect", "tls", "first_byte", "transfer"];
    for part in parts {
        let sum: u64 = followed["hops"].as_array().unwrap().iter().map(|hop| micros(hop, part)).sum();
        assert_eq!(sum, micros(followed, part), "{part}: {followed}");
    }
    assert!(parts.iter().map(|part| micros(followed, part)).sum::<u64>() <= micros(followed, "total"), "{followed}");
    assert!(micros(&followed["hops"][1], "tls") > 0 && micros(&followed["hops"][0], "tls") == 0, "{followed}");
    seen.is_down("loop", &format!("gave up after 3 redirects, the last one at {place}"));
    seen.is_down("usual-loop", &format!("gave up after 10 redirects, the last one at {place}"));
    seen.is_down("nowhere", &format!("the redirect from http://{place} leads nowhere: `ftp` is not http or https"));
    assert!(!seen.outcome.stdout.contains("secret"), "{}", seen.outcome);
}

#[test]
fn what_proves_who_asks_stays_with_the_host_it_is_for() {
    let (_nginx, world) = nginx(
        r#"
here:
  http:
    url: "http://127.0.0.1:PORT/here"
    headers: {Cookie: c=1, X-Key: "${KEY}", X-Plain: plain}
    auth: {bearer: "${TOKEN}"}
  conditions: ["[BODY] == Bearer token-1|c=1|key-1234|plain|127.0.0.1"]
there:
  http:
    url: "http://127.0.0.1:PORT/there"
    headers: {Cookie: c=1, X-Key: "${KEY}", X-Plain: plain, Host: other.test}
    auth: {bearer: "${TOKEN}"}
  conditions: ["[BODY] == |||plain|127.0.0.2"]
written: {http: {url: "http://127.0.0.1:PORT/there", headers: {authorization: Basic abc}}, conditions: ["[BODY] == ||||127.0.0.2"]}
in-address: {http: "http://me:password-1@127.0.0.1:PORT/there", conditions: ["[BODY] == ||||127.0.0.2"]}
"#,
    );
    let seen = world.look_with(&[], &[("TOKEN", "token-1"), ("KEY", "key-1234")]);
    assert_eq!(seen.not_up(), [""; 0], "{}", seen.outcome.stderr);
    let shown = seen.of("here")["output"].as_str().unwrap();
    assert_eq!(shown, "Bearer •••|c=1|•••|plain|127.0.0.1");
}

#[test]
fn a_user_and_a_password_open_the_door() {
    let (_nginx, world) = nginx(
        r#"
right:
  http: {url: "http://127.0.0.1:PORT/members/page", auth: {basic: {username: me, password: "${PASSWORD}"}}}
  conditions: ["[STATUS] == 200", "[BODY] == welcome"]
address: {http: "http://me:pass%40word-1@127.0.0.1:PORT/members/page"}
wrong: {http: {url: "http://127.0.0.1:PORT/members/page", auth: {basic: {username: me, password: nope}}}}
nobody: {http: "http://127.0.0.1:PORT/members/page"}
"#,
    );
    let seen = world.look_with(&[], &[("PASSWORD", "pass@word-1")]);
    let states: Vec<&str> = seen.all.iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["up", "up", "down", "down"], "{}", seen.outcome);
    assert_eq!(seen.of("wrong")["conditions"][0]["shown"], "[STATUS] (401) < 400");
}

#[test]
fn members_show_a_certificate() {
    let (_nginx, world) = nginx(
        r#"
member:
  http: "https://127.0.0.5:PORT/me"
  client: {ca: ROOT/Ours.pem, certificate: ROOT/member.pem, key: ROOT/member.key}
  conditions: ["[BODY] == SUCCESS CN=member.test"]
nobody: {http: "https://127.0.0.5:PORT/me", client: {ca: ROOT/Ours.pem}}
stranger:
  http: "https://127.0.0.5:PORT/me"
  client: {ca: ROOT/Ours.pem, certificate: ROOT/stranger.pem, key: ROOT/stranger.key}
misfit:
  http: "https://127.0.0.5:PORT/me"
  client: {ca: ROOT/Ours.pem, certificate: ROOT/member.pem, key: ROOT/stranger.key}
missing:
  http: "https://127.0.0.5:PORT/me"
  client: {ca: ROOT/Ours.pem, certificate: ROOT/member.pem, key: ROOT/none.key}
"#,
    );
    let seen = world.look(&[]);
    assert_eq!(seen.state("member"), "up", "{}", seen.outcome);
    for (id, said) in [("nobody", "No required SSL certificate was sent"), ("stranger", "The SSL certificate error")] {
        let one = seen.of(id);
        assert_eq!((&one["state"], &one["status"]), (&"down".into(), &400.into()), "{one}");
        assert!(one["output"].as_str().unwrap().contains(said), "{one}");
    }
    seen.is_down("misfit", "the client certificate and its key do not fit");
    seen.is_down("missing", "none.key cannot be read");
}

#[test]
fn an_answer_that_trickles_runs_out_of_time_in_its_transfer() {
    let (_nginx, world) = nginx(
        r#"
trickle: {http: "http://127.0.0.1:PORT/trickle.txt", timeout: 2s, conditions: ["[STATUS] == 200"]}
patient: {http: "http://127.0.0.1:PORT/page.txt", timeout: 30s, conditions: ["[STATUS] == 200"]}
"#,
    );
    let seen = world.look(&[]);
    seen.is_down("trickle", "timed out after 2s: the answer did not end");
    let one = seen.of("trickle");
    assert_eq!((&one["status"], &one["conditions"][0]["passed"]), (&200.into(), &false.into()));
    let longest = ["dns", "connect", "tls", "first_byte", "transfer"].into_iter().max_by_key(|part| micros(one, part));
    assert_eq!(longest, Some("transfer"), "{one}");
    assert_eq!(seen.state("patient"), "up");
}
