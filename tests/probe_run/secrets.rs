//! No secret is shown, in whatever format.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::common::World;
use crate::common::observe::nobody;

/// Answers with all that it was told.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut length) = (String::new(), 0);
            while reader.read_line(&mut head).is_ok_and(|read| read > 2) {
                let line = head.lines().last().unwrap_or_default();
                length = line.strip_prefix("content-length: ").map_or(length, |length| length.parse().unwrap());
            }
            let mut body = vec![0; length];
            let _ = reader.read_exact(&mut body);
            let told = head + &String::from_utf8_lossy(&body);
            let _ = write!(stream, "HTTP/1.1 500 No\r\ncontent-length: {}\r\nx-told: no\r\n\r\n{told}", told.len());
        }
    });
    address
}

const ENV: [(&str, &str); 6] = [
    ("PASSWORD", "env-password-1"),
    ("TOKEN", "env-token-2"),
    ("KEY", "env-key-3"),
    ("HOOK", "env-hook-4"),
    ("BODY", "env-body-5"),
    ("PROXY", "env-proxy-6"),
];

#[test]
fn no_format_shows_a_secret() {
    let (echo, closed) = (echo(), nobody());
    let failing = "conditions: [\"[STATUS] == 200\", \"[BODY] == x\", \"[BODY].a > 1\"]";
    let world = World::with_probes(&format!(
        "written: {{http: \"http://me:written-password-7@{echo}/\", {failing}}}\n\
         password: {{http: \"http://me:${{PASSWORD}}@{echo}/\", {failing}}}\n\
         basic: {{http: {{url: \"http://{echo}/\", auth: {{basic: {{username: me, password: \"${{PASSWORD}}\"}}}}}}, {failing}}}\n\
         bearer: {{http: {{url: \"http://{echo}/\", auth: {{bearer: \"${{TOKEN}}\"}}}}, {failing}}}\n\
         header: {{http: {{url: \"http://{echo}/\", headers: {{X-Key: \"${{KEY}}\"}}}}, {failing}}}\n\
         hook: {{http: \"http://{echo}/${{HOOK}}?key=${{HOOK}}\", {failing}}}\n\
         body: {{http: {{url: \"http://{echo}/\", method: POST, body: \"a=${{BODY}}\"}}, {failing}}}\n\
         gatus: {{http: \"http://me:${{PASSWORD}}@{echo}/\", compat: gatus, {failing}}}\n\
         closed: {{http: \"http://me:written-password-7@{closed}/${{HOOK}}\"}}\n\
         wrong: {{http: \"http://me:written-password-7@host:99999/written-hook-8\"}}\n\
         proxy: {{http: \"http://shop.test/\", client: {{proxy: \"http://me:${{PROXY}}@{echo}\"}}, {failing}}}\n\
         postgres: {{postgres: \"postgres://me:written-password-7@{closed}/db\"}}\n\
         redis: {{redis: \"redis://:written-password-7@{closed}\"}}\n\
         websocket: {{websocket: \"ws://me:written-password-7@{echo}/\"}}\n\
         command: {{command: [printf, \"%s\", \"${{TOKEN}}\"], conditions: [\"[STDOUT] == x\"]}}\n"
    ));
    let pair = |secret: &str| STANDARD.encode(format!("me:{secret}"));
    let written = ["written-password-7", "written-hook-8"].map(str::to_owned);
    let secrets: Vec<String> = ENV.iter().map(|(_, value)| (*value).to_owned()).chain(written).collect();
    let coded: Vec<String> = secrets.iter().map(|secret| pair(secret)).collect();
    // They were sent: what the server saw has a length that tells.
    let seen = world.look_with(&[], &ENV);
    for id in ["written", "password", "basic", "bearer", "header", "hook", "body", "proxy"] {
        assert!(seen.of(id)["output"].as_str().unwrap().contains("•••"), "{}", seen.of(id));
        assert_eq!(seen.of(id)["status"], 500);
    }
    seen.is_down("wrong", "`host:99999` is not an address");
    for args in [
        &["probe", "run"][..],
        &["-v", "probe", "run"],
        &["probe", "run", "--repeat", "2"],
        &["-o", "json", "probe", "run"],
        &["-o", "json", "probe", "run", "--repeat", "2"],
        &["-o", "junit", "probe", "run"],
        &["-o", "tap", "probe", "run"],
        &["-o", "prometheus", "probe", "run"],
        &["-o", "nagios", "probe", "run"],
        &["probe", "list"],
        &["-o", "json", "probe", "list"],
        &["probe", "show", "written"],
        &["-o", "json", "probe", "show", "wrong"],
        &["-o", "json", "probe", "show", "body"],
    ] {
        let outcome = world.run_with_env(args, &ENV);
        for secret in secrets.iter().chain(&coded) {
            // The path of an address is the author's own.
            let is_shown = args.contains(&"list") || args.contains(&"show");
            if !(is_shown && secret == "written-hook-8") {
                assert!(!outcome.to_string().contains(secret.as_str()), "{secret}: {outcome}");
            }
        }
    }
}
