//! Probes of servers that are of no use.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use flate2::{Compress, Compression, FlushCompress};
use serde_json::Value;

use crate::common::observe::{blunt, endless, nobody, silent};
use crate::common::{OPSCTL, World};

/// Prints how much memory the program ever had, in KiB, below what it says itself.
const MEASURE: &str = "import resource, subprocess, sys
subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)";

/// No probe needs more memory than this, in KiB.
const ENOUGH: u64 = 100 * 1024;

const LONG: &[u8] = &[b'x'; 64 * 1024];

/// A server that says all of this to everyone who has asked, and hangs up.
fn server(say: impl Fn(&mut TcpStream) -> std::io::Result<()> + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let say = say.clone();
            thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]).and_then(|_| say(&mut stream));
            });
        }
    });
    address
}

/// Sends the rest of an answer byte by byte, one a second, as long as somebody listens.
fn dripping(at_once: &'static [u8], drops: &'static [u8]) -> SocketAddr {
    server(move |stream| {
        stream.write_all(at_once)?;
        drops.iter().cycle().try_for_each(|drop| {
            stream.write_all(&[*drop])?;
            thread::sleep(Duration::from_secs(1));
            Ok(())
        })
    })
}

/// A GiB of zeros, more or less, packed so that less than a MiB is left of it.
fn bomb() -> Vec<u8> {
    let (zeros, mut piece) = (vec![0; 1024 * 1024], Vec::with_capacity(64 * 1024));
    Compress::new(Compression::best(), false).compress_vec(&zeros, &mut piece, FlushCompress::Sync).unwrap();
    let mut packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    (0..1000).for_each(|_| packed.extend_from_slice(&piece));
    packed
}

#[test]
fn what_breaks_off_or_makes_no_sense_is_down_and_says_how() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", "x-header: 1\r\n".repeat(5000));
    let huge = format!("HTTP/1.1 200 OK\r\nx-header: {}\r\n\r\n", "1".repeat(200_000));
    let mut probes = String::new();
    let mut expected = Vec::new();
    for (id, address, error) in [
        ("cut", blunt(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun"), "broke the connection off"),
        ("cut-chunk", said(format!("{chunked}5\r\nhe")), "broke the connection off"),
        ("cut-end", said(format!("{chunked}5\r\nhello\r\n")), "broke the connection off"),
        ("cut-head", blunt(b"HTTP/1.1 200 OK\r\ncontent-le"), "closed the connection before it had answered"),
        ("nothing", blunt(b""), "closed the connection before it had answered"),
        ("ssh", blunt(b"SSH-2.0-OpenSSH_9.2\r\n"), "gave no proper HTTP answer"),
        ("status", blunt(b"HTTP/1.1 20O OK\r\n\r\n"), "gave no proper HTTP answer"),
        ("header", blunt(b"HTTP/1.1 200 OK\r\nno header\r\n\r\n"), "gave no proper HTTP answer"),
        ("length", blunt(b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"), "gave no proper HTTP answer"),
        ("chunk", said(format!("{chunked}zz\r\nhello")), "gave no proper HTTP answer"),
        ("many-headers", said(many), "gave no proper HTTP answer"),
        ("huge-header", said(huge), "gave no proper HTTP answer"),
        ("nobody", nobody(), "refused the connection"),
    ] {
        probes.push_str(&format!("{id}: {{http: \"http://{address}/hook/key\", conditions: [\"[STATUS] == 200\"]}}\n"));
        expected.push((id, format!("{address} {error}")));
    }
    let seen = World::with_probes(&probes).look(&[]);
    for (id, error) in expected {
        seen.is_down(id, &error);
        assert_eq!(seen.of(id)["conditions"][0]["passed"], false, "{}", seen.of(id));
    }
    for id in ["cut", "cut-chunk", "cut-end", "chunk"] {
        assert_eq!(seen.of(id)["status"], 200);
    }
    assert!(!seen.outcome.stdout.contains("hook"), "{}", seen.outcome);
}

fn said(answer: String) -> SocketAddr {
    server(move |stream| {
        stream.write_all(answer.as_bytes())?;
        stream.shutdown(std::net::Shutdown::Write)?;
        stream.read_to_end(&mut Vec::new()).map(|_| ())
    })
}

#[test]
fn what_never_ends_runs_out_of_time_where_it_hangs() {
    let unaccepting = TcpListener::bind("127.0.0.1:0").unwrap();
    let head = b"HTTP/1.1 200 OK\r\nx-long: ";
    let mut probes = String::new();
    let cases = [
        ("silent", "http", silent(), "there was no answer", "first_byte"),
        ("unaccepting", "http", unaccepting.local_addr().unwrap(), "there was no answer", "first_byte"),
        ("head", "http", dripping(head, b"x"), "the head of the answer did not end", "transfer"),
        ("first-line", "http", dripping(b"", b"HTTP/1.1 "), "the head of the answer did not end", "transfer"),
        ("body", "http", dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"), "the answer did not end", "transfer"),
        ("tls", "https", silent(), "the TLS handshake with", "tls"),
    ];
    for (id, scheme, address, ..) in &cases {
        let conditions = "conditions: [\"[STATUS] == 200\"]";
        probes.push_str(&format!("{id}: {{http: \"{scheme}://{address}/\", timeout: 2s, {conditions}}}\n"));
    }
    let seen = World::with_probes(&probes).look(&[]);
    for (id, _, _, error, phase) in cases {
        seen.is_down(id, &format!("timed out after 2s: {error}"));
        let one = seen.of(id);
        let of = |phase: &&str| one["phases_us"][*phase].as_u64();
        let longest = ["dns", "connect", "tls", "first_byte", "transfer"].into_iter().max_by_key(of);
        assert_eq!(longest, Some(phase), "{one}");
        assert_eq!(one["conditions"][0]["passed"], false, "{one}");
    }
}

#[test]
fn what_is_odd_but_allowed_is_up() {
    let early = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n";
    let mut probes = String::new();
    for (id, answer, condition) in [
        ("early", format!("{early}HTTP/1.1 200 OK\r\n\r\nlate"), "[BODY] == late"),
        ("old", "HTTP/1.0 200 OK\r\n\r\nuntil the end".to_owned(), "[BODY] == until the end"),
        ("bare", "HTTP/1.1 204 \r\n\r\n".to_owned(), "[STATUS] == 204"),
        ("teapot", "HTTP/1.1 799 Own\r\ncontent-length: 0\r\n\r\n".to_owned(), "[STATUS] == 799"),
        ("bytes", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokmore than was said".to_owned(), "[BODY] == ok"),
        ("nowhere", "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n".to_owned(), "[STATUS] == 302"),
        ("twice", "HTTP/1.1 200 OK\r\nx-a: 1\r\nX-A: 2\r\n\r\n".to_owned(), "[HEADERS].x-a == 1, 2"),
    ] {
        let address = said(answer);
        probes.push_str(&format!("{id}: {{http: \"http://{address}/\", conditions: [\"{condition}\"]}}\n"));
    }
    let seen = World::with_probes(&probes).look(&[]);
    assert_eq!(seen.not_up(), [""; 0]);
}

#[test]
fn a_loop_of_redirects_ends() {
    let turning = server(|stream| write!(stream, "HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"));
    let seen = World::with_probes(&format!("turning: {{http: \"http://{turning}/\"}}\n")).look(&[]);
    seen.is_down("turning", &format!("gave up after 10 redirects, the last one at {turning}"));
    assert_eq!(seen.of("turning")["hops"].as_array().unwrap().len(), 10);
}

#[test]
fn nothing_that_is_sent_fills_the_memory() {
    let bomb = bomb();
    assert!(bomb.len() < 1024 * 1024, "it is to be unpacked: {}", bomb.len());
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let packed = server(move |stream| stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bomb)));
    let long = endless(&[b"HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n"], LONG);
    let chunks = endless(&[b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"], b"4\r\nxxxx\r\n");
    let header = endless(&[b"HTTP/1.1 200 OK\r\nx-long: "], LONG);
    let headers = endless(&[b"HTTP/1.1 200 OK\r\n"], b"x-header: value\r\n");
    let line = endless(&[b""], LONG);
    let early = endless(&[b""], b"HTTP/1.1 100 Continue\r\n\r\n");
    let body = "conditions: [\"[STATUS] == 200\", \"len([BODY]) > 0\"]";
    let world = World::with_probes(&format!(
        "packed: {{http: \"http://{packed}/\", {body}}}\n\
         long: {{http: \"http://{long}/\", {body}}}\n\
         unmeasured: {{http: \"http://{long}/\"}}\n\
         chunks: {{http: \"http://{chunks}/\", {body}}}\n\
         header: {{http: \"http://{header}/\"}}\n\
         headers: {{http: \"http://{headers}/\"}}\n\
         line: {{http: \"http://{line}/\"}}\n\
         early: {{http: \"http://{early}/\", timeout: 3s}}\n\
         tls: {{tls: \"{line}\", timeout: 3s}}\n"
    ));
    let (most, seen) = measured(&world);
    assert!((1024..ENOUGH).contains(&most), "{most} KiB");
    let of = |id: &str| seen.as_array().unwrap().iter().find(|one| one["id"] == id).unwrap();
    assert_eq!(of("unmeasured")["state"], "up", "{seen:#}");
    for (id, why) in [
        ("packed", "the body is longer than 1 MiB when it is unpacked"),
        ("long", "the body is longer than 1 MiB and was not read to its end"),
        ("chunks", "the body is longer than 1 MiB and was not read to its end"),
    ] {
        let one = of(id);
        assert_eq!(
            (&one["state"], &one["error"], &one["status"]),
            (&"down".into(), &Value::Null, &200.into()),
            "{one}"
        );
        assert_eq!(one["conditions"][0]["passed"], true);
        assert_eq!(one["conditions"][1]["shown"], format!("len([BODY]) > 0 ({why})"));
    }
    for id in ["header", "headers", "line", "early", "tls"] {
        assert!(of(id)["state"] == "down" && of(id)["error"].is_string(), "{}", of(id));
    }
}

/// How much memory `probe run` had at most, in KiB, and what it said.
fn measured(world: &World) -> (u64, Value) {
    let outcome = Command::new("python3")
        .args(["-c", MEASURE, OPSCTL, "-o", "json", "probe", "run"])
        .current_dir(world.path(Path::new(".").to_str().unwrap()))
        .env("OPSCTL_ACTOR", "alice")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
    let most = said.lines().last().and_then(|line| line.parse().ok());
    (most.unwrap_or_else(|| panic!("{said}")), serde_json::from_slice(&outcome.stdout).unwrap())
}
