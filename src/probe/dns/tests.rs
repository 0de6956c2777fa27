use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::thread;

use hickory_proto::op::{Message, MessageType, Query};
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{self, Name, RData, Record};
use hickory_proto::serialize::binary::{BinDecodable as _, BinEncodable as _};

use crate::catalog::model::{Client, DnsTarget, Probe, ProbeTarget, RecordType, TcpTarget};
use crate::probe::State;
use crate::probe::trial::dnsmasq::Dnsmasq;
use crate::probe::trial::{assert_error, assert_up, expecting, hurried, look, probe, serve};

fn dns(name: &str, record: RecordType, resolver: SocketAddr) -> Probe {
    probe(ProbeTarget::Dns(DnsTarget { name: name.into(), record, resolver: Some(resolver.to_string()) }))
}

/// A probe that connects to a name, resolved by a name server.
fn tcp(host: &str, port: u16, resolver: SocketAddr) -> Probe {
    let address = format!("{host}:{port}");
    let target = TcpTarget { address, tls: false, starttls: None, dialogue: vec![] };
    let client = Client { resolver: Some(resolver.to_string()), ..Client::default() };
    Probe { client, ..probe(ProbeTarget::Tcp(target)) }
}

// ---- a real server ----

#[tokio::test]
async fn every_type_of_record_has_its_values() {
    let server = Dnsmasq::start(&[
        "--host-record=web.test,192.0.2.1,2001:db8::1",
        "--host-record=web.test,192.0.2.10",
        "--cname=www.test,site.test",
        "--cname=site.test,web.test",
        "--mx-host=mail.test,mx2.test,20",
        "--mx-host=mail.test,mx1.test,10",
        "--txt-record=web.test,v=spf1,-all",
        "--srv-host=_sip._tcp.test,sip.test,5060,10,20",
        "--dns-rr=zone.test,2,026e730474657374 00",
    ]);
    for (name, record, body, shown) in [
        ("web.test", RecordType::A, "192.0.2.1\n192.0.2.10", "192.0.2.1\n192.0.2.10"),
        ("WEB.test.", RecordType::Aaaa, "2001:db8::1", "2001:db8::1"),
        ("www.test", RecordType::A, "192.0.2.1\n192.0.2.10", "192.0.2.1\n192.0.2.10"),
        ("www.test", RecordType::Cname, "site.test.", "site.test."),
        ("mail.test", RecordType::Mx, "mx1.test.\nmx2.test.", "10 mx1.test.\n20 mx2.test."),
        ("web.test", RecordType::Txt, "v=spf1-all", "v=spf1-all"),
        ("_sip._tcp.test", RecordType::Srv, "sip.test.", "10 20 5060 sip.test."),
        ("zone.test", RecordType::Ns, "ns.test.", "ns.test."),
        ("mail.test", RecordType::A, "", ""),
    ] {
        let rows = format!("[ROWS] == {}", body.lines().count());
        // A condition stands in one line.
        let values = match body {
            "" => "len([BODY]) == 0".to_owned(),
            _ => format!("[BODY] == pat({})", body.replace('\n', "*")),
        };
        let wanted = [values.as_str(), &rows, "[DNS_RCODE] == NOERROR"];
        let seen = look(&expecting(&wanted, dns(name, record, server.address))).await;
        assert_up(&seen);
        assert_eq!(seen.output.as_deref().unwrap_or_default(), shown, "{name} {record:?}");
        assert_eq!(seen.address, Some(server.address.to_string()));
        assert!(seen.response_time_ms.is_some());
    }
}

#[tokio::test]
async fn no_such_name_is_an_answer() {
    let server = Dnsmasq::start(&[]);
    let seen = look(&dns("nobody.test", RecordType::A, server.address)).await;
    assert_eq!((seen.state, seen.error.as_deref()), (State::Down, None));
    assert_eq!(seen.conditions[0].shown, "[DNS_RCODE] (NXDOMAIN) == NOERROR");
    let gone = ["[DNS_RCODE] == NXDOMAIN", "[ROWS] == 0", "[CONNECTED] == true", "[IP] == 127.0.0.1"];
    assert_up(&look(&expecting(&gone, dns("nobody.test", RecordType::Mx, server.address))).await);
    let refused = ["[DNS_RCODE] == REFUSED"];
    assert_up(&look(&expecting(&refused, dns("elsewhere.example", RecordType::A, server.address))).await);
}

#[tokio::test]
async fn what_does_not_fit_comes_by_tcp() {
    let records: Vec<String> = (0..20).map(|one| format!("--txt-record=big.test,{one}{}", "x".repeat(200))).collect();
    let server = Dnsmasq::start(&records.iter().map(String::as_str).collect::<Vec<_>>());
    let big = expecting(&["[ROWS] == 20", "[BODY] == pat(*19xxx*)"], dns("big.test", RecordType::Txt, server.address));
    assert_up(&look(&big).await);
}

#[tokio::test]
async fn a_probe_resolves_its_host_by_the_server_it_names() {
    let server = Dnsmasq::start(&["--host-record=here.test,127.0.0.1", "--txt-record=empty.test,x"]);
    let port = serve(drop).port();
    let seen = look(&tcp("here.test", port, server.address)).await;
    assert_up(&seen);
    assert_eq!(seen.address, Some(format!("127.0.0.1:{port}")));
    assert!(seen.phases_us.dns > 0);
    let why = format!("could not resolve the host gone.test: the name server {} answered NXDOMAIN", server.address);
    assert_error(&look(&tcp("gone.test", port, server.address)).await, &why);
    let seen = look(&tcp("empty.test", port, server.address)).await;
    assert_error(&seen, "could not resolve the host empty.test: it has no address");
    // What the server says of a host is held to what the probe may connect to.
    let asked = tcp("here.test", port, server.address);
    let client = Client { deny_private: true, ..asked.client };
    assert_error(&look(&Probe { client, ..asked }).await, "here.test has the address 127.0.0.1, which is not public");
}

// ---- servers that are not what they should be ----

/// Answers each packet with these packets.
fn answering(answer: impl Fn(Message) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    answering_on(UdpSocket::bind("127.0.0.1:0").unwrap(), answer)
}

fn answering_on(socket: UdpSocket, answer: impl Fn(Message) -> Vec<Vec<u8>> + Send + 'static) -> SocketAddr {
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut packet = [0; 4096];
        while let Ok((length, from)) = socket.recv_from(&mut packet) {
            for answer in answer(Message::from_bytes(&packet[..length]).unwrap()) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    address
}

/// One port for UDP and TCP.
fn both() -> (UdpSocket, TcpListener) {
    let pair = || {
        let listener = TcpListener::bind("127.0.0.1:0").ok()?;
        Some((UdpSocket::bind(listener.local_addr().ok()?).ok()?, listener))
    };
    (0..20).find_map(|_| pair()).unwrap()
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn address(owner: &str, last: u8) -> Record {
    Record::from_rdata(name(owner), 60, RData::A(A(Ipv4Addr::new(192, 0, 2, last))))
}

/// The true answer to a question.
fn truth(mut message: Message) -> Message {
    message.metadata.message_type = MessageType::Response;
    let owner = message.queries[0].name().to_ascii();
    message.add_answer(address(&owner, 1));
    message
}

fn truncated(asked: Message) -> Message {
    let mut answer = truth(asked);
    answer.metadata.truncation = true;
    answer
}

fn bytes(message: &Message) -> Vec<u8> {
    message.to_bytes().unwrap()
}

fn wrong_id(mut message: Message) -> Message {
    message.metadata.id = message.metadata.id.wrapping_add(1);
    message
}

fn wrong_question(mut message: Message) -> Message {
    message.queries = vec![Query::query(name("other.test."), rr::RecordType::A)];
    message
}

#[tokio::test]
async fn only_the_answer_to_the_question_is_believed() {
    let lies = |asked: Message| {
        let lies = [wrong_id(truth(asked.clone())), wrong_question(truth(asked.clone())), asked];
        let lies = lies.iter().map(bytes).chain([b"nonsense".to_vec(), vec![]]);
        lies.collect::<Vec<_>>()
    };
    let liar = answering(move |asked| [lies(asked.clone()), vec![bytes(&truth(asked))]].concat());
    assert_up(&look(&expecting(&["[BODY] == 192.0.2.1"], dns("a.test", RecordType::A, liar))).await);
    for (lie, why) in [
        (wrong_id as fn(Message) -> Message, "it has the id of another question"),
        (wrong_question, "it is about another question"),
    ] {
        let liar = answering(move |asked| vec![bytes(&lie(truth(asked)))]);
        let seen = look(&hurried(dns("a.test", RecordType::A, liar))).await;
        let expected = format!("timed out after 500ms: the name server {liar} did not answer the question");
        assert_error(&seen, &format!("{expected} (what it sent: {why})"));
    }
}

#[tokio::test]
async fn only_the_records_of_the_name_count() {
    let alias = |from: &str, to: &str| Record::from_rdata(name(from), 60, RData::CNAME(CNAME(name(to))));
    let server = answering(move |asked| {
        let mut answer = truth(asked);
        answer.answers = vec![
            address("c.test.", 3),
            alias("b.test.", "C.test."),
            alias("A.test.", "b.test."),
            alias("c.test.", "a.test."), // round and round
            address("other.test.", 9),
        ];
        vec![bytes(&answer)]
    });
    let wanted = ["[BODY] == 192.0.2.3", "[ROWS] == 1"];
    assert_up(&look(&expecting(&wanted, dns("a.test", RecordType::A, server))).await);
}

#[tokio::test]
async fn a_lost_question_is_asked_again() {
    let times = std::sync::atomic::AtomicUsize::new(0);
    let deaf_once = answering(move |asked| {
        let first = times.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        if first { vec![] } else { vec![bytes(&truth(asked))] }
    });
    assert_up(&look(&dns("a.test", RecordType::A, deaf_once)).await);
}

/// A server whose answers do not fit into a packet, and what it does with those who come by TCP.
fn cut_short(by_tcp: fn(Message) -> Vec<u8>) -> SocketAddr {
    let (socket, listener) = both();
    let truncated = answering_on(socket, |asked| vec![bytes(&truncated(asked))]);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut length = [0; 2];
            let _ = stream.read_exact(&mut length);
            let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
            let _ = stream.read_exact(&mut question);
            let answer = by_tcp(Message::from_bytes(&question).unwrap());
            let _ = stream.write_all(&[&u16::try_from(answer.len()).unwrap().to_be_bytes()[..], &answer].concat());
        }
    });
    truncated
}

#[tokio::test]
async fn what_is_cut_short_is_no_answer() {
    let honest = cut_short(|asked| {
        let mut whole = truth(asked);
        whole.add_answer(address("a.test.", 2));
        bytes(&whole)
    });
    assert_up(&look(&expecting(&["[ROWS] == 2"], dns("a.test", RecordType::A, honest))).await);
    let liar = cut_short(|asked| bytes(&wrong_id(truth(asked))));
    let seen = look(&dns("a.test", RecordType::A, liar)).await;
    assert_error(&seen, &format!("the answer of the name server {liar} by TCP is of no use: it has the id of another"));
    let silent = cut_short(|_| vec![]);
    assert_error(&look(&dns("a.test", RecordType::A, silent)).await, "by TCP is of no use: it cannot be read");
    let no_tcp = answering(|asked| vec![bytes(&truncated(asked))]);
    let seen = look(&dns("a.test", RecordType::A, no_tcp)).await;
    assert_error(&seen, &format!("the name server {no_tcp} cut its answer short and did not give all of it by TCP: "));
}

#[tokio::test]
async fn nobody_who_answers_is_down() {
    let silent = answering(|_| vec![]);
    let seen = look(&hurried(dns("a.test", RecordType::A, silent))).await;
    assert_error(&seen, &format!("timed out after 500ms: the name server {silent} did not answer"));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let nobody = socket.local_addr().unwrap();
    drop(socket);
    let seen = look(&dns("a.test", RecordType::A, nobody)).await;
    assert_error(&seen, &format!("{nobody} refused the question: no name server listens there"));
    let seen = look(&tcp("a.test", 1, nobody)).await;
    assert_error(&seen, &format!("could not resolve the host a.test: {nobody} refused the question"));
    let seen = look(&dns(&"x".repeat(70), RecordType::A, nobody)).await;
    assert_error(&seen, "is not a name: ");
    let asked = dns("a.test", RecordType::A, nobody);
    let client = Client { deny_private: true, ..Client::default() };
    assert_error(&look(&Probe { client, ..asked }).await, "127.0.0.1, which is not public");
    let unset = DnsTarget { name: "${NAME}".into(), record: RecordType::A, resolver: Some("${SERVER}".into()) };
    let seen = look(&probe(ProbeTarget::Dns(unset))).await;
    assert_eq!(seen.error.as_deref(), Some("the environment variables NAME, SERVER are not set"));
}

#[tokio::test]
async fn the_addresses_of_one_family_do_not_wait_for_ever_for_the_other() {
    let port = serve(drop).port();
    let no_aaaa = answering(|asked| {
        if asked.queries[0].query_type() != rr::RecordType::A {
            return vec![];
        }
        let mut answer = truth(asked);
        answer.answers = vec![Record::from_rdata(name("here.test."), 60, RData::A(A(Ipv4Addr::LOCALHOST)))];
        vec![bytes(&answer)]
    });
    assert_up(&look(&tcp("here.test", port, no_aaaa)).await);
}
